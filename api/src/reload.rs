//! SIGHUP: what comes from files is read again and checked as at the start. If anything of it is wrong, all stays as it was.
//!
//! Whoever is being served goes on with what there was. Connections to Redis that are open stay; new ones use what was read.

use std::convert::Infallible;

use program::reread::{self, Files, Reread};
use program::signals::ReloadSignal;
use store::settings;

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

/// Variables whose files are read at the start only.
const KEPT: [&str; 2] = ["EVENT_TYPES_FILE", "OTEL_EXPORTER_OTLP_HEADERS"];

/// Reads again with each signal.
pub(crate) async fn with(app: &App, mut signal: ReloadSignal) -> Infallible {
    loop {
        signal.next().await;
        reread::tell(reload(app).await);
    }
}

async fn reload(app: &App) -> Result<Files, String> {
    let again = Reread::<Config>::now()?;
    let files = again.files(&RENEWED, &KEPT);
    let is_renewed = |variable: &str| files.are_renewed(variable);
    let config = again.settings;
    // Everything is checked before anything changes.
    let sessions = is_renewed("CLERK_JWT_KEY")
        .then(|| config.auth.session_verifier(config.urls.allow_http))
        .transpose()?;
    // Where it stays what it was, no shard needs to be asked, one of which may be away.
    let is_other_key = is_renewed("SECRETS_KEY") && !app.secrets.get().is_same(&config.secrets.secrets_key);
    for store in app.store.all_reached().filter(|_| is_other_key) {
        let demanded = store.demand_secrets_key(&config.secrets.secrets_key).await;
        demanded.map_err(|error| error.to_string())?;
    }
    if settings::FILES.into_iter().any(is_renewed) {
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
        app.service_keys.configure(config.auth.service_keys);
    }
    if is_renewed("SECRETS_KEY") {
        app.secrets.set(config.secrets.secrets_key);
    }
    Ok(files)
}
