//! Reaching the store: first its shards are found, and then each is waited for, met and watched by itself.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::try_join_all;
use store::event_types::EventTypesOutcome;
use store::ready::Failure;
use store::server::Expectations;
use store::settings::RedisArgs;
use store::{Store, StoreError, ready};
use tokio::sync::watch;

use crate::app::App;
use crate::event_types;

/// After how long a store is asked again that failed.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How long all shards are waited for before the program says that it is ready with some.
const ALL_WITHIN: Duration = Duration::from_secs(5);

/// Why a program whose key is another one isn't ready.
const WRONG_KEY: &str = "SECRETS_KEY: it isn't the key that the secrets in this store were sealed with: start the program with that one \
    (if it is lost for good, `webhooksctl secrets accept` makes this one the store's)";

/// Waits for Redis, however long that takes, hands the store to the calls, and watches it from then on. An error says why the
/// program must not use this Redis.
pub(super) async fn reach_store(
    app: &App,
    redis: &RedisArgs,
    expected: &Expectations,
) -> Result<Infallible, String> {
    let shards = ready::find(redis, |failure| {
        log_failure(redis, &failure);
        app.store.set_waiting_for(failure.error.to_string());
    });
    let shards = shards.await.map_err(|error| error.to_string())?;
    app.store.set(shards.clone());
    if shards.all().len() > 1 {
        tracing::info!(shards = shards.all().len(), "the accounts are cut into shards");
    }
    let each = shards
        .all()
        .iter()
        .map(|store| Reach { app, store }.watch(redis, expected));
    let patience = async {
        tokio::time::sleep(ALL_WITHIN).await;
        app.store.wait_no_longer();
        std::future::pending().await
    };
    let all = tokio::select! {
        ended = try_join_all(each) => ended,
        never = patience => never,
    };
    match all {
        Ok(ended) => match ended.first() {
            Some(never) => match *never {},
            None => Err("the store has no shards".to_owned()),
        },
        Err(reason) => Err(reason),
    }
}

fn log_failure(redis: &RedisArgs, failure: &Failure<'_>) {
    if failure.is_to_be_logged {
        tracing::warn!(error = %failure.error, redis = %redis.redis_url, "Redis can't be used yet; requests get 503 until it can");
    }
}

/// Reaching one shard.
#[derive(Debug, Clone, Copy)]
struct Reach<'a> {
    app: &'a App,
    store: &'a Store,
}

impl Reach<'_> {
    /// Waits for the shard, hands it to the calls, and watches it from then on.
    async fn watch(self, redis: &RedisArgs, expected: &Expectations) -> Result<Infallible, String> {
        let Self { app, store } = self;
        let report = ready::wait(store, expected, |failure| {
            log_failure(redis, &failure);
            self.waits_for(failure.error.to_string());
        });
        let report = report.await.map_err(|refused| refused.to_string())?;
        for warning in &report.warnings {
            tracing::warn!("Redis: {warning}");
        }
        let shard = store.shard();
        if shard.has_others() {
            tracing::info!(shard = shard.number, server = %report.version, "connected to Redis");
        } else {
            tracing::info!(redis = %redis.redis_url, server = %report.version, "connected to Redis");
        }
        self.right_key().await;
        self.announce().await?;
        let changes = store.service_key_changes();
        let not_yet = "the service keys of the store can't be read yet";
        app.service_keys
            .learn(self.answered(not_yet, async || store.service_keys().await).await);
        app.store.set_ready(shard, report.lasting_warnings());
        tokio::select! {
            never = store.watch(expected, |turn| app.metrics.store_turned(turn)) => Ok(never),
            never = self.follow_service_keys(changes) => Ok(never),
        }
    }

    /// Reads the shard's service keys each time that the watch sees that they were changed.
    async fn follow_service_keys(self, mut changes: watch::Receiver<u64>) -> Infallible {
        let Self { app, store } = self;
        // The store, which sends them, outlives this.
        while changes.changed().await.is_ok() {
            match store.service_keys().await {
                Ok(copy) => app.service_keys.learn(copy),
                Err(error) => {
                    tracing::debug!(%error, "the store's service keys can't be read; those that are known count");
                    changes.mark_changed();
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
        }
        std::future::pending().await
    }

    fn waits_for(self, reason: String) {
        self.app.store.shard_waits_for(self.store.shard(), reason);
    }

    /// Waits until the program has the `SECRETS_KEY` of the store. With another one, endpoints would be made whose secrets no worker can open.
    async fn right_key(self) {
        let Self { app, store } = self;
        let mut is_told = false;
        let not_yet = "SECRETS_KEY can't be compared with the store's yet";
        while !self
            .answered(not_yet, async || store.has_secrets_key(&app.secrets.get()).await)
            .await
        {
            if !is_told {
                tracing::error!("{WRONG_KEY}; requests get 503");
                is_told = true;
            }
            self.waits_for(WRONG_KEY.to_owned());
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Announces the event types. An error says which endpoints still need.
    async fn announce(self) -> Result<(), String> {
        let Self { app, store } = self;
        let types = event_types::digests(&app.event_types);
        let not_yet = "the event types can't be compared with the endpoints' yet";
        match self
            .answered(not_yet, async || store.announce_event_types(&types).await)
            .await
        {
            EventTypesOutcome::Announced => Ok(()),
            EventTypesOutcome::InUse(in_use) => Err(event_types::still_needed(&in_use)),
        }
    }

    /// What the store answers, however long that takes. Meanwhile the log says what isn't done, and `/readyz` why.
    async fn answered<T>(self, not_yet: &str, ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => {
                    tracing::warn!(%error, "{not_yet}; requests get 503 until then");
                    self.waits_for(error.to_string());
                }
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}
