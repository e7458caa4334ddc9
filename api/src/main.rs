//! `webhooks-api`: reads its configuration, listens, and serves until it is asked to stop.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use api::app::{App, Parts, StoreSlot};
use api::auth::clerk::KeySource;
use api::config::Config;
use api::connect::connect;
use api::metrics::Metrics;
use api::streams::Streams;
use api::{openapi, problem, server};
use store::server::Expectations;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let first = std::env::args_os().nth(1);
    if let Some(text) = first.as_deref().and_then(OsStr::to_str).and_then(generated) {
        let written = std::io::stdout().write_all(text.as_bytes());
        return if written.is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let config: Config = program::config::parse();
    program::telemetry::init(config.log.log_format);
    program::files::raise_limit();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the program's threads can't be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
    }
}

/// What `webhooks-api openapi` and `webhooks-api errors` print: the texts that are generated from the code.
fn generated(name: &str) -> Option<String> {
    match name {
        "openapi" => Some(openapi::document()),
        "errors" => Some(problem::catalogue(&openapi::document())),
        _ => None,
    }
}

/// Runs the program; an error is a sentence for whoever started it.
async fn serve(config: Config) -> Result<(), String> {
    let address = config.server.api_listen;
    let settings = config.server.settings();
    let sessions = config.auth.session_verifier()?;
    let metrics = Metrics::new().map_err(|error| format!("metrics can't be set up: {error}"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| format!("no signals: {error}"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| format!("no signals: {error}"))?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("API_LISTEN: can't listen on {address} ({error})"))?;
    let address = listener.local_addr().unwrap_or(address);
    let tokens = match sessions.keys() {
        KeySource::Pem(_) => "CLERK_JWT_KEY".to_owned(),
        KeySource::Jwks(jwks) => jwks.url().to_string(),
    };
    let app = App::new(Parts {
        store: StoreSlot::default(),
        sessions,
        service_keys: config.auth.service_keys,
        secrets: config.secrets.secrets_key,
        urls: config.urls.policy(),
        limits: config.limits.limits(),
        streams: Arc::new(Streams::new(metrics.clone())),
        metrics,
    });
    tracing::info!(
        redis = %config.redis.redis_url,
        session_tokens = %tokens,
        service_keys = app.service_keys.len(),
        "webhooks-api {} listens on http://{address}, documentation at http://{address}/docs",
        env!("CARGO_PKG_VERSION"),
    );
    if app.service_keys.is_empty() {
        tracing::warn!("SERVICE_KEYS is empty: no backend can push events");
    }
    let shutdown = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: open requests may finish");
    };
    let warm_up = async {
        if let KeySource::Jwks(jwks) = app.sessions.keys() {
            jwks.warm_up().await;
        }
        std::future::pending::<Infallible>().await
    };
    let expected = Expectations {
        durability: config.durability.ack_durability,
        budget_bytes: config.memory.store_budget_bytes.map(|size| size.0),
    };
    let refusal = async {
        match connect(&app, &config.redis, expected).await {
            Ok(never) => match never {},
            Err(sentence) => sentence,
        }
    };
    tokio::select! {
        served = server::run(listener, app.clone(), settings, shutdown) => {
            served.map_err(|error| format!("API_LISTEN: {error}"))?;
            tracing::info!("stopped");
            Ok(())
        }
        sentence = refusal => Err(sentence),
        never = warm_up => match never {},
    }
}
