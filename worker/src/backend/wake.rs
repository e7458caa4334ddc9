//! Waits for wake tokens while the fetcher has room and nothing to do, so that nobody polls.

use std::sync::Arc;

use store::Store;
use tokio::sync::{Notify, watch};

use crate::outage::Outage;
use crate::stop::Stop;

/// Runs until the worker stops.
pub(crate) async fn run(
    store: Store,
    mut idle: watch::Receiver<bool>,
    woken: Arc<Notify>,
    mut stop: Stop,
    mut outage: Outage,
) {
    tokio::select! {
        () = stop.requested() => {}
        () = wait(&store, &mut idle, &woken, &mut outage) => {}
    }
}

async fn wait(store: &Store, idle: &mut watch::Receiver<bool>, woken: &Notify, outage: &mut Outage) {
    // An error means that the fetcher has ended, which the supervisor notices.
    while idle.wait_for(|idle| *idle).await.is_ok() {
        match store.wait_for_work(store.waits_for()).await {
            Ok(token) => {
                outage.over();
                if token {
                    woken.notify_one();
                }
            }
            Err(error) => tokio::time::sleep(outage.failed(&error)).await,
        }
    }
}
