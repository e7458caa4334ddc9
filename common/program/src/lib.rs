//! What every program does first: it reads its settings and refuses wrong ones in one sentence ([`config`]), starts to log
//! ([`telemetry`]) and raises its limit of open files ([`files`]).

pub mod config;

pub mod telemetry;

pub mod files;
