//! SIGHUP: what comes from files is read again and checked as at the start. If anything of it is wrong, all stays as it was.
//!
//! Whoever is being served goes on with what there was. Connections to Redis that are open stay; new ones use what was read.

use std::convert::Infallible;

use program::reread::Reread;
use program::signals::ReloadSignal;

use crate::app::App;
use crate::config::Config;

/// Variables whose files are read again.
const RENEWED: [&str; 7] = [
    "SERVICE_KEYS",
    "SECRETS_KEY",
    "CLERK_JWT_KEY",
    "SENTINEL_PASSWORD",
    "REDIS_CA_FILE",
    "REDIS_CERT_FILE",
    "REDIS_KEY_FILE",
];

/// Those of them that connections to Redis need.
const OF_REDIS: [&str; 4] = [
    "SENTINEL_PASSWORD",
    "REDIS_CA_FILE",
    "REDIS_CERT_FILE",
    "REDIS_KEY_FILE",
];

/// Variables whose files are read at the start only.
const KEPT: [&str; 2] = ["EVENT_TYPES_FILE", "OTEL_EXPORTER_OTLP_HEADERS"];

/// Reads again with each signal.
pub(crate) async fn with(app: &App, mut signal: ReloadSignal) -> Infallible {
    loop {
        signal.next().await;
        match reload(app).await {
            Ok(done) => tracing::info!(
                read_again = done.renewed.join(", "),
                needs_a_restart = done.kept.join(", "),
                "asked to read files again; what environment variables hold themselves can't change in a running program"
            ),
            Err(sentence) => tracing::error!("nothing was reloaded, all stays as it was: {sentence}"),
        }
    }
}

/// What was read again, and what must not be.
struct Done {
    renewed: Vec<&'static str>,
    kept: Vec<&'static str>,
}

async fn reload(app: &App) -> Result<Done, String> {
    let again = Reread::<Config>::now()?;
    let (renewed, kept) = (again.files(&RENEWED), again.files(&KEPT));
    let is_renewed = |variable: &str| renewed.contains(&variable);
    let config = again.settings;
    // Everything is checked before anything changes.
    let sessions = is_renewed("CLERK_JWT_KEY")
        .then(|| config.auth.session_verifier(config.urls.allow_http))
        .transpose()?;
    // Where it stays what it was, no shard needs to be asked, one of which may be away.
    let is_other_key = is_renewed("SECRETS_KEY") && !app.secrets.get().is_same(&config.secrets.secrets_key);
    for store in app.store.all_reached().filter(|_| is_other_key) {
        let has_key = store.has_secrets_key(&config.secrets.secrets_key).await;
        let cant = |error| format!("SECRETS_KEY: it can't be compared with the store's now ({error})");
        if !has_key.map_err(cant)? {
            return Err(
                "SECRETS_KEY: it isn't the key that the secrets in this store were sealed with".to_owned(),
            );
        }
    }
    if OF_REDIS.into_iter().any(is_renewed) {
        let first = app.store.all_reached().next();
        let store = first.ok_or("REDIS_URL: no server has been reached yet; restart the program")?;
        store
            .renew_connections(&config.redis)
            .map_err(|error| error.to_string())?;
    }
    if let Some(sessions) = sessions {
        app.sessions.set(sessions);
    }
    if is_renewed("SERVICE_KEYS") {
        app.service_keys.set(config.auth.service_keys);
    }
    if is_renewed("SECRETS_KEY") {
        app.secrets.set(config.secrets.secrets_key);
    }
    Ok(Done { renewed, kept })
}
