//! Idempotency keys as the previous release entered them: in quotes or not, and with one digest of the request.

use e2e::before;
use e2e::redis_server::RedisServer;
use store::events::{AcceptOutcome, Idempotency, NewEvent};

use crate::fixture::{BUDGETS, Fixture, new_event};

/// SHA-256 of `k1` and of `"k1"`.
const PLAIN: &str = "6ab9f1eb8f7d3388f4f9d586f66e99fd54080df2c446f0e58668b09c08a16dd0";
const QUOTED: &str = "66472d59fc442905d8d80917816a6afceb92fe5f414fffeafa661e950e89256c";

fn with_key(is_quoted: bool, fingerprint: &str) -> NewEvent {
    let idempotency = Idempotency {
        key: "k1".to_owned(),
        is_quoted,
        fingerprint: fingerprint.to_owned(),
        parts: format!("parts of {fingerprint}"),
    };
    NewEvent {
        idempotency: Some(idempotency),
        ..new_event()
    }
}

/// A store in which the previous release may run beside this one.
async fn before_the_upgrade() -> Fixture {
    let server = RedisServer::start();
    before::make_store_in(&server, "2");
    Fixture::on(server).await
}

#[tokio::test]
async fn a_key_of_the_previous_release_is_found_in_either_spelling() {
    for stored in [PLAIN, QUOTED] {
        let fixture = before_the_upgrade().await;
        let name = format!("wh:{{0}}:idempotency:org:org_1:{stored}");
        let mut command = redis::cmd("HSET");
        command.arg(name).arg("fingerprint").arg("same").arg("event");
        command
            .arg("evt_00000000000000000000000001")
            .arg("deliveries")
            .arg(3);
        let _: i64 = fixture.command(&command).await;
        for is_upgraded in [false, true] {
            if is_upgraded {
                assert!(fixture.store.upgrade_schema().await.unwrap().is_some());
            }
            for is_quoted in [false, true] {
                let again = fixture.accept(&with_key(is_quoted, "same")).await;
                assert_eq!(again.id.as_str(), "evt_00000000000000000000000001");
                assert_eq!((again.deliveries, again.duplicate), (3, true));
                let found = fixture.store.event_of_key(&new_event().account, "k1").await;
                assert_eq!(found.unwrap().as_ref(), Some(&again.id));
                let other = with_key(is_quoted, "other");
                assert_eq!(
                    fixture.accept_outcome(&other, BUDGETS).await,
                    AcceptOutcome::IdempotencyConflict(vec![])
                );
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_entered_where_the_previous_release_looks_for_it() {
    for (is_quoted, stored) in [(false, PLAIN), (true, QUOTED)] {
        let fixture = before_the_upgrade().await;
        let first = fixture.accept(&with_key(is_quoted, "same")).await;
        let entry = fixture.hash(&format!("idempotency:org:org_1:{stored}")).await;
        assert_eq!(entry["fingerprint"], "same");
        for is_upgraded in [false, true] {
            if is_upgraded {
                assert!(fixture.store.upgrade_schema().await.unwrap().is_some());
            }
            let again = fixture.accept(&with_key(!is_quoted, "same")).await;
            assert_eq!((&again.id, again.duplicate), (&first.id, true));
        }
    }
}
