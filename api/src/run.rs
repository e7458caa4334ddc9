//! Starts the program: puts its parts together, reaches the store, and serves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use store::event_types::EventTypesOutcome;
use store::server::Expectations;
use store::settings::RedisArgs;
use store::{Store, ready};
use tokio::net::TcpListener;

use crate::agreement;
use crate::app::{App, Parts};
use crate::auth::clerk::KeySource;
use crate::auth::look_ups::LookUps;
use crate::config::Config;
use crate::event_types;
use crate::metrics::Metrics;
use crate::refusals::Refusals;
use crate::server;
use crate::store_slot::StoreSlot;
use crate::streams::Streams;

/// After how long a store is asked again that failed.
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(1);

/// Serves until `shutdown` is ready, and then for a while, so that open requests can finish.
///
/// Customers and backends come by `listener`, operators by `admin`, if there is one. Serving begins at once. Until Redis answers, calls that need it get a 503, and `/readyz` says why.
///
/// # Errors
///
/// A sentence for whoever started the program: which setting is wrong, or why the program must not use this Redis.
pub async fn run(
    config: Config,
    listener: TcpListener,
    admin: Option<TcpListener>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), String> {
    let settings = config.server.settings(
        config.auth.clerk_publishable_key.as_deref(),
        config.urls.allow_http,
    )?;
    let (redis, expected) = (
        config.redis.clone(),
        config.durability.expectations(&config.memory),
    );
    let app = app(config)?;
    log_start(&app, &redis, &listener);
    let shutdown = async {
        shutdown.await;
        tracing::info!("stopping: open requests may finish");
    };
    tokio::select! {
        served = server::run(listener, app.clone(), settings, shutdown) => {
            served.map_err(|error| format!("API_LISTEN: {error}"))?;
            tracing::info!("stopped");
            Ok(())
        }
        reached = reach_store(&app, &redis, &expected) => match reached? {},
        never = fetch_keys(&app) => match never {},
        never = agreement::compare(&app) => match never {},
        never = server::admin::run(admin, app.metrics.clone()) => match never {},
    }
}

/// Puts the parts together.
fn app(config: Config) -> Result<App, String> {
    let metrics = Metrics::new().map_err(|error| format!("metrics can't be set up: {error}"))?;
    Ok(App::new(Parts {
        store: StoreSlot::default(),
        sessions: config.auth.session_verifier(config.urls.allow_http)?,
        service_keys: config.auth.service_keys,
        api_keys: LookUps::default(),
        portal_sessions: LookUps::default(),
        secrets: config.secrets.secrets_key,
        urls: config.urls.policy(),
        header_prefix: config.headers.header_prefix,
        event_types: config.event_types.catalog().clone(),
        allowance: config.allowance.allowance(),
        rates: config.rates.limits(),
        refusals: Refusals::default(),
        streams: Arc::new(Streams::new(metrics.clone())),
        metrics,
    }))
}

/// Logs where the program listens, and what it works with.
fn log_start(app: &App, redis: &RedisArgs, listener: &TcpListener) {
    let tokens = match app.sessions.keys() {
        KeySource::Pem(_) => "CLERK_JWT_KEY".to_owned(),
        KeySource::Jwks(jwks) => jwks.url().to_string(),
    };
    let address = listener
        .local_addr()
        .map_or_else(|_| "?".to_owned(), |address| address.to_string());
    tracing::info!(
        redis = %redis.redis_url,
        session_tokens = tokens,
        service_keys = app.service_keys.len(),
        "webhooks-api {} listens on http://{address}, documentation at http://{address}/docs, dashboard at http://{address}/dashboard",
        env!("CARGO_PKG_VERSION"),
    );
    if app.service_keys.is_empty() {
        tracing::warn!("SERVICE_KEYS is empty: no backend can push events");
    }
}

/// Waits for Redis, however long that takes, hands the store to the calls, and watches it from then on. An error says why the
/// program must not use this Redis.
async fn reach_store(app: &App, redis: &RedisArgs, expected: &Expectations) -> Result<Infallible, String> {
    let store = Store::new(redis).map_err(|error| error.to_string())?;
    let report = ready::wait(&store, expected, |failure| {
        let error = failure.error;
        if failure.is_to_be_logged {
            tracing::warn!(%error, redis = %redis.redis_url, "Redis can't be used yet; requests get 503 until it can");
        }
        app.store.set_waiting_for(error.to_string());
    });
    let report = report.await.map_err(|refused| format!("REDIS_URL: {refused}"))?;
    for warning in &report.warnings {
        tracing::warn!("Redis: {warning}");
    }
    tracing::info!(redis = %redis.redis_url, server = %report.version, "connected to Redis");
    announce(app, &store).await?;
    app.store.set(store.clone(), report.lasting_warnings());
    Ok(store.watch(expected, || app.metrics.store_rewound()).await)
}

/// Announces the event types, however long that takes. An error says which endpoints still need.
async fn announce(app: &App, store: &Store) -> Result<(), String> {
    let types = event_types::digests(&app.event_types);
    loop {
        match store.announce_event_types(&types).await {
            Ok(EventTypesOutcome::Announced) => return Ok(()),
            Ok(EventTypesOutcome::InUse(in_use)) => return Err(event_types::still_needed(&in_use)),
            Err(error) => {
                tracing::warn!(%error, "the event types can't be compared with the endpoints' yet; requests get 503 until they can");
                app.store.set_waiting_for(error.to_string());
            }
        }
        tokio::time::sleep(ANNOUNCE_AGAIN).await;
    }
}

/// Fetches the key set of session tokens, if one is configured, so that the first call needn't wait for it.
async fn fetch_keys(app: &App) -> Infallible {
    if let KeySource::Jwks(jwks) = app.sessions.keys() {
        jwks.warm_up().await;
    }
    std::future::pending().await
}
