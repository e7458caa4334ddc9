//! What every program does first ([`start`]): it reads its settings and refuses wrong ones in one sentence ([`config`]), starts to log
//! ([`telemetry`]), raises its limit of open files ([`files`]), forbids dumps of its memory ([`memory`]) and catches the signals
//! that will ask it to stop, or to read its files again ([`signals`], [`reread`], [`live`]). [`processor`] tells how busy a thread was, [`host`] what the
//! machine is called.

pub mod start;

pub mod config;

pub mod telemetry;

pub mod files;

pub mod host;

pub mod memory;

pub mod processor;

pub mod signals;

pub mod reread;

pub mod live;
