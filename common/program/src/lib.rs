//! What every program does first: it reads its settings and refuses wrong ones in one sentence ([`config`]), starts its
//! log ([`telemetry`]) and raises its limits ([`files`]).

pub mod config;

pub mod telemetry;

pub mod files;
