//! More live streams than the API sends: a test with 200 connections.

use e2e::wait::{LONG, check, eventually};
use serde_json::json;
use tokio::task::JoinSet;

use super::{MOST, all_closed, open_streams};
use crate::fixture::api;
use crate::listener::Listener;

/// The most that one API sends.
const MOST_OF_ALL: usize = 200;

const STREAM: &str = "/api/webhooks-deliveries/stream";

/// Twenty accounts have taken all places. Whoever comes with fewer gets one, and the oldest of an account that has the most ends, with a
/// word that says why; its client may come again, and then another one ends.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_have_taken_all_places_make_room_for_others() {
    let mut system = api().await;
    let mut crowd = Vec::new();
    for account in 0..MOST_OF_ALL / MOST {
        let customer = system.customer_of(&format!("org_2crowd{account}"));
        let mut listeners = Vec::new();
        for _ in 0..MOST {
            listeners.push(Listener::start(&customer, STREAM, None).await.0);
        }
        crowd.push(listeners);
    }
    assert_eq!(open_streams(&system).await, MOST_OF_ALL);
    let newcomer = system.customer_of("org_2new");
    let mut streams = Vec::new();
    for _ in 0..2 {
        streams.push(Listener::start(&newcomer, STREAM, None).await);
    }
    eventually(LONG, "room to be made", async || {
        let open = open_streams(&system).await;
        check(open == MOST_OF_ALL, format!("{open} are open"))
    })
    .await;
    // One of the crowd for each newcomer, of two accounts: the oldest, of which it is told.
    let mut oldest = JoinSet::new();
    for listeners in &mut crowd {
        let mut listener = listeners.remove(0);
        oldest.spawn(async move { (listener.event().await, listener.event().await) });
    }
    for _ in 0..2 {
        let (last, after) = oldest.join_next().await.unwrap().unwrap();
        let last = last.unwrap();
        assert_eq!(
            (last.name.as_str(), &last.data["reason"]),
            ("end", &json!("made_room"))
        );
        assert!(after.is_none(), "{after:?}");
    }
    drop(oldest);
    drop((crowd, streams));
    all_closed(&system).await;
    system.stop();
}
