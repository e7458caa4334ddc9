//! Starts the program: puts its parts together, reaches the store, and serves.

mod reach;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use program::signals::{ReloadSignal, StopSignals};
use store::settings::RedisArgs;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use traces::{Exporter, Tracer};

use crate::agreement;
use crate::app::{App, Parts};
use crate::auth::clerk::KeySource;
use crate::auth::look_ups::LookUps;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::refusals::Refusals;
use crate::reload;
use crate::server::{self, Settings};
use crate::stopping::Stopping;
use crate::store_slot::StoreSlot;
use crate::streams::Streams;

use self::reach::reach_store;

/// How long a fresh program waits for Redis before it listens all the same. A connection that is refused meanwhile finds another
/// program by itself; a 503 that is answered doesn't.
const LISTEN_WITHIN: Duration = Duration::from_secs(5);

/// How many connections the system may make before they are accepted.
const BACKLOG: u32 = 1024;

/// Takes the address of `API_LISTEN`. Connections are refused until [`run`] listens.
///
/// # Errors
///
/// A sentence for whoever set the variable: the address is not of this machine, not allowed, or another program's.
pub fn bind(address: SocketAddr) -> Result<TcpSocket, String> {
    let bound = || -> std::io::Result<TcpSocket> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        // As every server does: connections of the program before this one may not have ended yet.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    bound().map_err(|error| cant_listen(address, &error))
}

fn cant_listen(address: SocketAddr, error: &std::io::Error) -> String {
    format!("API_LISTEN: can't listen on {address} ({error})")
}

/// Serves until it is asked to stop, then for `DRAIN_DELAY` or until it is asked again, and then for a while, so that open requests can
/// finish.
///
/// Customers and backends come by `socket`, operators by `admin`, if there is one. It listens as soon as Redis has been reached, or
/// after five seconds: until Redis answers, calls that need it get a 503 then, and `/readyz` says why.
///
/// # Errors
///
/// A sentence for whoever started the program: which setting is wrong, or why the program must not use this Redis.
pub async fn run(
    config: Config,
    socket: TcpSocket,
    admin: Option<TcpListener>,
    signals: StopSignals,
    reload: ReloadSignal,
) -> Result<(), String> {
    let settings = config.server.settings(
        config.auth.clerk_publishable_key.as_deref(),
        config.urls.allow_http,
    )?;
    let (redis, expected) = (
        config.redis.clone(),
        config.durability.expectations(&config.memory),
    );
    let delay = config.server.drain_delay.0;
    let metrics = Metrics::new().map_err(|error| format!("metrics can't be set up: {error}"))?;
    let counting = metrics.clone();
    let (tracer, exporter) = Tracer::new(
        &config.traces,
        "webhooks-api",
        env!("CARGO_PKG_VERSION"),
        move |counted, number| counting.spans(counted, number),
    );
    let exporting = exporter.map(Exporter::start).transpose()?;
    let app = app(config, metrics, tracer)?;
    let shown = app.clone();
    let metrics = move || {
        shown.metrics.shards_ready(shown.store.each_ready());
        shown.metrics.render()
    };
    let ended = tokio::select! {
        served = listen_and_serve(&app, &redis, socket, settings, delay, signals) => served,
        reached = reach_store(&app, &redis, &expected) => match reached? {},
        never = fetch_keys(&app) => match never {},
        never = agreement::compare(&app) => match never {},
        never = reload::with(&app, reload) => match never {},
        never = server::admin::run(admin, metrics) => match never {},
    };
    if let Some(exporting) = exporting {
        exporting.finish().await;
    }
    ended
}

async fn listen_and_serve(
    app: &App,
    redis: &RedisArgs,
    socket: TcpSocket,
    settings: Settings,
    delay: Duration,
    mut signals: StopSignals,
) -> Result<(), String> {
    tokio::select! {
        () = app.store.reached() => {}
        () = tokio::time::sleep(LISTEN_WITHIN) => {}
        () = signals.next() => return Ok(()),
    }
    let failed = |error| format!("API_LISTEN: {error}");
    let address = socket.local_addr().map_err(failed)?;
    let listener = socket
        .listen(BACKLOG)
        .map_err(|error| cant_listen(address, &error))?;
    log_start(app, redis, address);
    // One after the other: the first signal, and then perhaps a second.
    let signals = Arc::new(Mutex::new(signals));
    let (first, second, told) = (Arc::clone(&signals), signals, app.clone());
    let leaving = async move {
        first.lock().await.next().await;
        told.stopping.begin();
        if !delay.is_zero() {
            tracing::info!("stopping: not ready any more, and serving for another {delay:?}");
        }
    };
    let stopping = async move {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = async { second.lock().await.next().await } => {}
        }
        tracing::info!("stopping: open requests may finish");
    };
    // A task of its own: on the program's first thread, it would take two switches of threads to accept a connection.
    let mut serving = JoinSet::new();
    serving.spawn(server::run(listener, app.clone(), settings, leaving, stopping));
    if let Some(served) = serving.join_next().await {
        served.map_err(std::io::Error::other).flatten().map_err(failed)?;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Puts the parts together.
fn app(config: Config, metrics: Metrics, tracer: Tracer) -> Result<App, String> {
    Ok(App::new(Parts {
        store: StoreSlot::default(),
        sessions: config.auth.session_verifier(config.urls.allow_http)?.into(),
        service_keys: config.auth.service_keys.into(),
        api_keys: LookUps::default(),
        portal_sessions: LookUps::default(),
        secrets: config.secrets.secrets_key.into(),
        urls: config.urls.policy(),
        header_prefix: config.headers.header_prefix,
        event_types: config.event_types.catalog().clone(),
        allowance: config.allowance.allowance(),
        rates: config.rates.limits(),
        refusals: Refusals::default(),
        streams: Arc::new(Streams::new(metrics.clone())),
        stopping: Stopping::default(),
        metrics,
        tracer,
    }))
}

/// Logs where the program listens, and what it works with.
fn log_start(app: &App, redis: &RedisArgs, address: SocketAddr) {
    let (sessions, service_keys) = (app.sessions.get(), app.service_keys.get());
    let tokens = match sessions.keys() {
        KeySource::Pem(_) => "CLERK_JWT_KEY".to_owned(),
        KeySource::Jwks(jwks) => jwks.url().to_string(),
    };
    tracing::info!(
        redis = %redis.redis_url,
        session_tokens = tokens,
        service_keys = service_keys.len(),
        "webhooks-api {} listens on http://{address}, documentation at http://{address}/docs, dashboard at http://{address}/dashboard",
        env!("CARGO_PKG_VERSION"),
    );
    if service_keys.is_empty() {
        tracing::warn!(
            "SERVICE_KEYS is empty, and so far the store has no service keys: no backend can push events until `webhooksctl keys create` makes one"
        );
    }
}

/// Fetches the key set of session tokens, if one is configured, so that the first call needn't wait for it.
async fn fetch_keys(app: &App) -> Infallible {
    if let KeySource::Jwks(jwks) = app.sessions.get().keys() {
        jwks.warm_up().await;
    }
    std::future::pending().await
}
