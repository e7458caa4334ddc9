//! The shards as a running worker has them. Each is waited for by itself: the worker serves those that it has reached.

use std::sync::Arc;

use store::Store;
use store::condition::Readiness;
use store::shards::Shards;
use tokio::sync::SetOnce;

use crate::outage::Trouble;
use crate::stop::Stop;

/// One shard.
#[derive(Debug, Clone)]
pub(crate) struct WorkerShard {
    pub(crate) store: Store,
    /// Why nothing is fetched from it, if nothing is.
    pub(crate) trouble: Trouble,
    /// Set once it may be used.
    pub(crate) reached: Arc<SetOnce<()>>,
}

/// All shards, once they are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownShards(Arc<SetOnce<Vec<WorkerShard>>>);

impl WorkerShard {
    /// The shards, none of which has been reached.
    pub(crate) fn all(shards: &Shards) -> Vec<Self> {
        let each = shards.all().iter().map(|store| Self {
            store: store.clone(),
            trouble: Trouble::new("Redis has not answered yet"),
            reached: Arc::default(),
        });
        each.collect()
    }

    /// The shard may be used.
    pub(crate) fn open(&self) {
        self.trouble.set(None);
        // It may have been reached before.
        self.reached.set(()).ok();
    }

    /// Runs a task from when the shard may be used on; not at all if the worker stops before.
    pub(crate) fn once_reached(
        &self,
        mut stop: Stop,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let reached = Arc::clone(&self.reached);
        async move {
            tokio::select! {
                // In this order: where both hold, all tasks of the shard agree.
                biased;
                _ = reached.wait() => {}
                () = stop.requested() => return,
            }
            task.await;
        }
    }

    fn readiness(&self) -> Readiness {
        let mut found = self.store.readiness();
        // The watch may say the same as the task that met the trouble, at more length.
        let trouble = self.trouble.reason();
        let is_news = |trouble: &String| !found.reasons.iter().any(|known| known.starts_with(trouble));
        if let Some(trouble) = trouble.filter(is_news) {
            found.reasons.insert(0, trouble);
        }
        found
    }
}

impl KnownShards {
    /// The shards are known. A second call changes nothing.
    pub(crate) fn set(&self, shards: Vec<WorkerShard>) {
        self.0.set(shards).ok();
    }

    /// Whether each of them can be used; none before they are known.
    pub(crate) fn each_ready(&self) -> impl Iterator<Item = bool> {
        let shards = self.0.get().into_iter().flatten();
        shards.map(|shard| shard.readiness().reasons.is_empty())
    }

    /// Whether work can be done in any of them; `trouble` says why none is known yet.
    pub(crate) fn readiness(&self, trouble: &Trouble) -> Readiness {
        match self.0.get() {
            Some(shards) => Readiness::of_all(shards.iter().map(WorkerShard::readiness)),
            None => Readiness::not_yet(trouble.reason().unwrap_or_default()),
        }
    }
}
