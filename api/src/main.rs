//! `webhooks-api`: reads its configuration, listens, and serves until it is asked to stop.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::ExitCode;

use api::config::Config;
use api::event_types::EventTypesArgs;
use api::openapi;
use api::server::admin;
use clap::Parser;
use program::config::HeaderArgs;
use program::signals::{ReloadSignal, StopSignals};
use program::telemetry::say_fatal;

fn main() -> ExitCode {
    let first = std::env::args_os().nth(1);
    if let Some(generate) = first.as_deref().and_then(OsStr::to_str).and_then(generator) {
        let written = std::io::stdout().write_all(generate(&program::config::parse()).as_bytes());
        return if written.is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let config: Config = program::start::settings();
    let format = config.log.log_format;
    program::telemetry::init(format);
    program::memory::keep_to_ourselves();
    program::files::raise_limit();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            say_fatal(
                format,
                &format!("the program's threads can't be started: {error}"),
            );
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say_fatal(format, &sentence);
            ExitCode::from(2)
        }
    }
}

/// What `webhooks-api openapi` and `webhooks-api errors` read: what the texts that they print depend on.
#[derive(Debug, Parser)]
#[command(name = "webhooks-api")]
struct Generated {
    /// `openapi` or `errors`.
    text: String,
    /// What the headers of deliveries are called.
    #[command(flatten)]
    headers: HeaderArgs,
    /// Which event types there are.
    #[command(flatten)]
    event_types: EventTypesArgs,
}

impl Generated {
    fn document(&self) -> String {
        openapi::document_for(&self.headers.header_prefix, self.event_types.catalog())
    }
}

/// What makes the text that `webhooks-api openapi` or `webhooks-api errors` prints: both are generated from the code.
fn generator(name: &str) -> Option<fn(&Generated) -> String> {
    match name {
        "openapi" => Some(Generated::document),
        "errors" => Some(|of| openapi::errors_page(&of.document())),
        _ => None,
    }
}

/// Serves until it is asked to stop. An error is a sentence for whoever started the program.
async fn run(config: Config) -> Result<(), String> {
    // Who misconfigured the program hears of it before anybody can connect. Clap can't check these variables: they exclude
    // each other, and name a file.
    config.auth.session_verifier(config.urls.allow_http)?;
    let no_signals = |error| format!("no signals: {error}");
    let signals = StopSignals::catch().map_err(no_signals)?;
    let reload = ReloadSignal::catch().map_err(no_signals)?;
    let socket = api::bind(config.server.api_listen)?;
    let admin = admin::listen(config.server.api_admin_listen.as_deref()).await?;
    api::run(config, socket, admin, signals, reload).await
}
