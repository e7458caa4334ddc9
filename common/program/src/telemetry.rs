//! Logs: each line is a readable sentence with fields, as text for people or as JSON for machines. Warnings and errors, and what is
//! written for each of many ([`EACH`]), are `bounded`. `levels` says what is written at all.

mod bounded;

mod levels;

use std::io::{self, IsTerminal, Write as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::bounded::Bounded;
use crate::config::LogFormat;

/// The name of an event of which there may be thousands in a second, such as an attempt: `tracing::info!(name: EACH, …)`. Of each
/// place in the code that writes one, some lines a second are written, and the next says how many were left out.
pub const EACH: &str = "each";

/// Starts logging to standard error at the level of `RUST_LOG` (`info` by default).
///
/// If no format is given, it writes text to a terminal and JSON elsewhere. A second call changes nothing.
pub fn init(format: Option<LogFormat>) {
    let is_terminal = io::stderr().is_terminal();
    let set = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let (filter, is_wrong) = levels::filter(&set);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match or_usual(format) {
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
    if is_wrong {
        tracing::warn!("RUST_LOG can't be read, and is taken for info");
    }
}

/// Says why a program doesn't start: a sentence for people, a line of the log for machines. Before [`init`] it must be told the format.
pub fn say_fatal(format: Option<LogFormat>, sentence: &str) {
    match or_usual(format) {
        LogFormat::Text => {
            // To whom could one complain?
            writeln!(io::stderr(), "{sentence}").ok();
        }
        LogFormat::Json => {
            init(Some(LogFormat::Json));
            tracing::error!("{sentence}");
        }
    }
}

fn or_usual(format: Option<LogFormat>) -> LogFormat {
    format.unwrap_or(if io::stderr().is_terminal() {
        LogFormat::Text
    } else {
        LogFormat::Json
    })
}
