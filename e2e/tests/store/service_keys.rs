//! Changes of service keys that meet each other, or that a store has forgotten.

use std::time::Duration;

use store::audit::Order;
use store::service_keys::CreateError;
use store::shards::Shards;

use crate::fixture::Fixture;

async fn shards(fixture: &Fixture) -> Shards {
    Shards::find(&fixture.redis.args()).await.unwrap()
}

/// Both read the same and may choose the same version: one of them is told so, and the key of the other is the one that is kept.
#[tokio::test]
async fn of_two_who_make_a_key_with_one_id_at_once_one_is_refused() {
    let fixture = Fixture::new().await;
    let shards = shards(&fixture).await;
    let order = Order::new("ann", "a test");
    for round in 0..50 {
        let id = format!("key-{round}");
        let (first, second) = tokio::join!(
            shards.create_service_key(&order, &id, [1; 32], false),
            shards.create_service_key(&order, &id, [2; 32], false),
        );
        let (known, _) = shards.service_keys().await.unwrap();
        let (_, _, kept) = known.valid().find(|(valid, _, _)| *valid == id).unwrap();
        let hash = match (first, second) {
            (Ok(()), Err(CreateError::Exists)) => [1; 32],
            (Err(CreateError::Exists), Ok(())) => [2; 32],
            both => panic!("{id}: {both:?}"),
        };
        assert_eq!(kept.hash, hash, "{id}");
    }
}

/// Programs read the keys anew when the number of the last change is another one, and have perhaps seen one that the store has lost.
#[tokio::test]
async fn no_change_has_the_number_of_one_that_was_lost() {
    let fixture = Fixture::new().await;
    let shards = shards(&fixture).await;
    let order = Order::new("ann", "a test");
    let number = async || -> u64 {
        let mut read = redis::cmd("HGET");
        read.arg(store::keys::META).arg("serviceKeys");
        fixture.command(&read).await
    };
    let create = async |id: &str| {
        shards
            .create_service_key(&order, id, [1; 32], false)
            .await
            .unwrap()
    };
    create("kept").await;
    let before = number().await;
    create("lost").await;
    let lost = number().await;
    assert!(lost > before);
    let mut set_back = redis::cmd("HSET");
    set_back.arg(store::keys::META).arg("serviceKeys").arg(before);
    let _: i64 = fixture.command(&set_back).await;
    fixture.pass(Duration::from_secs(1)).await;
    create("next").await;
    assert!(number().await > lost);
}
