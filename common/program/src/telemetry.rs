//! Logs: each line is a readable sentence with fields, as text for people or as JSON for machines. Warnings and errors are
//! `bounded`.

mod bounded;

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::bounded::Bounded;
use crate::config::LogFormat;

/// Starts logging to standard error at the level of `RUST_LOG` (`info` by default).
///
/// If no format is given, it writes text to a terminal and JSON elsewhere. A second call changes nothing.
pub fn init(format: Option<LogFormat>) {
    let is_terminal = io::stderr().is_terminal();
    let format = format.unwrap_or(if is_terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    });
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,poem=warn"));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(io::stderr)
                    .with_ansi(is_terminal)
                    .with_target(false)
                    .map_event_format(Bounded::new),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(io::stderr)
                    .map_event_format(Bounded::new),
            )
            .try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was already started");
    }
}
