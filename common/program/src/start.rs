//! How a program that runs for long begins: it reads its settings, and then logs as they say. What is wrong with them it says in the same form.

use clap::{Parser, ValueEnum as _};

use crate::config::{self, LogFormat};
use crate::telemetry;

/// The program's settings. If one is wrong or missing, ends the process with status 2 and one sentence that names the variable, in the
/// form that logs have.
#[must_use]
pub fn settings<T: Parser>() -> T {
    config::read().unwrap_or_else(|sentence: String| {
        telemetry::say_fatal(asked_format(), &sentence);
        std::process::exit(2)
    })
}

/// The form that is asked for, though other settings can't be read. One that there isn't can't be followed: then whoever set it reads text.
fn asked_format() -> Option<LogFormat> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let flag = arguments.iter().enumerate().find_map(|(place, argument)| {
        match argument.strip_prefix("--log-format")? {
            "" => arguments.get(place + 1).cloned(),
            value => value.strip_prefix('=').map(str::to_owned),
        }
    });
    let asked = flag.or_else(|| std::env::var("LOG_FORMAT").ok())?;
    Some(LogFormat::from_str(&asked, false).unwrap_or(LogFormat::Text))
}
