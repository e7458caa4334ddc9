//! What every program does first: it reads its settings and refuses wrong ones in one sentence ([`config`]), starts to log
//! ([`telemetry`]), raises its limit of open files ([`files`]) and catches the signals that will ask it to stop
//! ([`signals`]).

pub mod config;

pub mod telemetry;

pub mod files;

pub mod signals;
