//! SIGHUP: what comes from files is read again and checked as at the start. If anything of it is wrong, all stays as it was.
//!
//! Attempts that are under way go on with what there was. Connections to Redis that are open stay; new ones use what was read.

use domain::sealing::SecretsKeyring;
use domain::signing::SigningSecret;
use program::live::Live;
use program::reread::{self, Files, Reread};
use program::signals::ReloadSignal;
use store::settings;

use crate::config::Config;
use crate::shards::WorkerShard;

/// Variables whose files are read again.
const RENEWED: [&str; 6] = [
    "SECRETS_KEY",
    "OPERATOR_EVENTS_SECRET",
    "SENTINEL_PASSWORD",
    "REDIS_CA_FILE",
    "REDIS_CERT_FILE",
    "REDIS_KEY_FILE",
];

/// Variables whose files are read at the start only.
const KEPT: [&str; 1] = ["OTEL_EXPORTER_OTLP_HEADERS"];

/// What changes when files are read again.
#[derive(Debug, Clone)]
pub(crate) struct Reloaded {
    /// Opens what is sealed.
    pub(crate) keyring: Live<SecretsKeyring>,
    /// Signs what the operator is told, if anybody is told.
    pub(crate) operator: Option<Live<SigningSecret>>,
    pub(crate) shards: Vec<WorkerShard>,
}

impl Reloaded {
    /// Reads again with each signal.
    pub(crate) async fn with(self, mut signal: ReloadSignal) {
        loop {
            signal.next().await;
            reread::tell(self.reload().await);
        }
    }

    async fn reload(&self) -> Result<Files, String> {
        let again = Reread::<Config>::now()?;
        let files = again.files(&RENEWED, &KEPT);
        let is_renewed = |variable: &str| files.are_renewed(variable);
        let config = again.settings;
        config.operator.check()?;
        // Where it stays what it was, no shard needs to be asked, one of which may be away.
        let is_other_key =
            is_renewed("SECRETS_KEY") && !self.keyring.get().is_same(&config.secrets.secrets_key);
        for shard in self.shards.iter().filter(|_| is_other_key) {
            let demanded = shard.store.demand_secrets_key(&config.secrets.secrets_key).await;
            demanded.map_err(|error| error.to_string())?;
        }
        if settings::FILES.into_iter().any(is_renewed)
            && let Some(shard) = self.shards.first()
        {
            // What is known of the servers is shared by all.
            let renewed = shard.store.renew_connections(&config.redis);
            renewed.map_err(|error| error.to_string())?;
        }
        if is_renewed("SECRETS_KEY") {
            self.keyring.set(config.secrets.secrets_key);
        }
        if let (Some(known), Some(secret)) = (&self.operator, config.operator.operator_events_secret.0)
            && is_renewed("OPERATOR_EVENTS_SECRET")
        {
            known.set(secret);
        }
        Ok(files)
    }
}
