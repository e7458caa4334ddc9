//! A store that gets more shards.
//!
//! Proves (guarantees): a store gets more shards while it serves

use std::collections::BTreeSet;

use domain::id::AccountId;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use store::StoreError;
use store::audit::Order;
use store::endpoints::CreateOutcome;
use store::events::{AcceptOutcome, NewEvent, Push};
use store::rates::EventLimits;
use store::settings::RedisArgs;
use store::shards::{GrowError, Grown, Growth, Shards};
use tokio::task::JoinSet;

use crate::fixture::{BUDGETS, Fixture, new_endpoint, new_event};
use crate::keys::EXPECTED;

fn account(number: u32) -> AccountId {
    format!("org:org_{number}").parse().unwrap()
}

fn args(fixture: &Fixture) -> RedisArgs {
    RedisArgs {
        shards: None,
        ..fixture.redis.args()
    }
}

/// Makes the account's first endpoint where a program takes it to belong.
async fn begins(shards: &Shards, account: &AccountId) -> Result<CreateOutcome, StoreError> {
    let new = new_endpoint(account, &["*"], None);
    shards.of(account).create_endpoint(&new, 10).await
}

async fn pushed(shards: &Shards, account: &AccountId) -> Result<AcceptOutcome, StoreError> {
    let push = Push {
        events: vec![NewEvent {
            account: account.clone(),
            ..new_event()
        }],
        budgets: BUDGETS,
        limits: EventLimits::NONE,
    };
    let result = shards.of(account).accept(push).await.remove(0);
    result.map(|counted| counted.outcome)
}

fn deliveries(outcome: Result<AcceptOutcome, StoreError>) -> u32 {
    match outcome.unwrap() {
        AcceptOutcome::Accepted(accepted) => accepted.deliveries,
        other => panic!("not accepted: {other:?}"),
    }
}

/// Looks at the first shard, as programs do, until it is dropped.
fn watched(shards: &Shards) -> JoinSet<()> {
    let (store, mut tasks) = (shards.all()[0].clone(), JoinSet::new());
    tasks.spawn(async move { match store.watch(&EXPECTED, |_| {}).await {} });
    tasks
}

fn is_misplaced<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Misplaced(_)))
}

/// The shards that have something lasting of an account.
fn places(fixture: &Fixture, account: &AccountId) -> Vec<String> {
    let mut connection = e2e::state::connect(&fixture.redis);
    let keys: Vec<String> = connection
        .keys(format!("wh:{{*}}:account:{account}:endpoints"))
        .unwrap();
    let places: BTreeSet<_> = keys
        .iter()
        .map(|key| key[4..].split('}').next().unwrap().to_owned())
        .collect();
    places.into_iter().collect()
}

/// Those that are there stay, those that come spread, and both are found by programs that are there and by those that start.
#[tokio::test]
async fn accounts_that_are_there_stay_and_new_ones_spread() {
    let fixture = Fixture::new().await;
    let before = Shards::find(&args(&fixture)).await.unwrap();
    for number in 0..8 {
        begins(&before, &account(number)).await.unwrap();
    }
    let growth = Growth::begin(&args(&fixture), 4).await.unwrap();
    // A program that starts now has all shards, and accounts begin where they did.
    let running = Shards::find(&args(&fixture)).await.unwrap();
    assert_eq!((before.all().len(), running.all().len()), (1, 4));
    begins(&running, &account(8)).await.unwrap();
    assert_eq!(running.number_of(&account(8)), 0);

    let grown = growth.finish(|_| {}).await.unwrap();
    // Of the nine, the ids of these name shard 0 of four as well.
    let stay = (0..9)
        .filter(|number| Shards::named(&account(*number), 4) == 0)
        .count();
    assert_eq!(
        grown,
        Grown {
            from: 1,
            to: 4,
            entered: 9 - stay
        }
    );
    let started = Shards::find(&args(&fixture)).await.unwrap();
    assert_eq!(started.all().len(), 4);
    let mut used = BTreeSet::new();
    for number in 0..24 {
        let account = account(number);
        if number >= 9 {
            begins(&started, &account).await.unwrap();
        }
        let expected = if number < 9 { 0 } else { Shards::named(&account, 4) };
        assert_eq!(started.number_of(&account), usize::from(expected));
        assert_eq!(places(&fixture, &account), [expected.to_string()]);
        assert_eq!(deliveries(pushed(&started, &account).await), 1);
        used.insert(expected);
    }
    assert_eq!(used.len(), 4);
    for store in started.all() {
        assert_eq!(store.check().await.unwrap().violations, []);
    }
    assert_eq!(started.check().await.unwrap(), [""; 0]);
    let _: i64 = fixture
        .command(redis::cmd("HSET").arg("wh:{2}:directory").arg("org:org_1").arg(3))
        .await;
    let _: i64 = fixture
        .command(redis::cmd("HDEL").arg("wh:{0}:directory").arg("org:org_3"))
        .await;
    let strays = started.check().await.unwrap();
    assert!(
        strays
            .iter()
            .any(|stray| stray.contains("shard 2 has another directory")),
        "{strays:?}"
    );
    assert!(started.number_of(&account(3)) == 0, "{strays:?}");
    let again = Growth::begin(&args(&fixture), 4).await.unwrap_err();
    assert!(
        matches!(&again, GrowError::Refused(why) if why.contains("nothing is to be done")),
        "{again}"
    );
    let fewer = Growth::begin(&args(&fixture), 2).await.unwrap_err();
    assert!(
        matches!(&fewer, GrowError::Refused(why) if why.contains("can't be lowered")),
        "{fewer}"
    );
}

/// A program that goes by the old number, since it has not looked yet, can't put an account into two shards.
#[tokio::test]
async fn who_goes_by_the_old_number_makes_no_account_begin() {
    let fixture = Fixture::new().await;
    let first = Shards::find(&args(&fixture)).await.unwrap();
    begins(&first, &account(1)).await.unwrap();
    let growth = Growth::begin(&args(&fixture), 16).await.unwrap();
    let stale = Shards::find(&args(&fixture)).await.unwrap();
    assert_eq!(
        deliveries(pushed(&stale, &account(1)).await),
        1,
        "it has met the store"
    );
    growth.finish(|_| {}).await.unwrap();

    // Its id names shard 13 from now on.
    let newcomer = account(2);
    assert_eq!(
        (stale.number_of(&newcomer), Shards::named(&newcomer, 16)),
        (0, 13)
    );
    let refused = begins(&stale, &newcomer).await;
    assert!(is_misplaced(&refused), "{refused:?}");
    let refused = pushed(&stale, &newcomer).await;
    assert!(is_misplaced(&refused), "{refused:?}");
    assert_eq!(places(&fixture, &newcomer), [""; 0]);
    // One that is there is served as ever.
    assert_eq!(deliveries(pushed(&stale, &account(1)).await), 1);

    // Once it has looked, it goes by the new number.
    let _watch = watched(&stale);
    eventually(LONG, "the program to look", async || {
        check(begins(&stale, &newcomer).await.is_ok(), "refused")
    })
    .await;
    assert_eq!(places(&fixture, &newcomer), ["13"]);
    // And a program that was started before all of this does nothing more.
    let _watch = watched(&first);
    eventually(LONG, "the program to notice", async || {
        let refused = pushed(&first, &account(1)).await;
        let says_why = |error: &StoreError| error.to_string().contains("it has 16 shards now");
        check(refused.as_ref().is_err_and(says_why), format!("{refused:?}"))
    })
    .await;
}

/// Until it is finished nobody new begins, and whoever was there is served. The same again finishes it, as often as it is asked for.
#[tokio::test]
async fn what_was_interrupted_is_finished_by_the_same_again() {
    let fixture = Fixture::new().await;
    let shards = Shards::find(&args(&fixture)).await.unwrap();
    begins(&shards, &account(1)).await.unwrap();
    Growth::begin(&args(&fixture), 16).await.unwrap();
    let other = Growth::begin(&args(&fixture), 8).await.unwrap_err();
    assert!(
        matches!(&other, GrowError::Refused(why) if why.contains("grows to 16 shards already")),
        "{other}"
    );
    let _: i64 = fixture
        .command(redis::cmd("HSET").arg("wh:meta").arg("growsTo").arg("16 closed"))
        .await;
    let running = Shards::find(&args(&fixture)).await.unwrap();
    let refused = begins(&running, &account(2)).await;
    assert!(is_misplaced(&refused), "{refused:?}");
    begins(&running, &account(1)).await.unwrap();
    assert_eq!(deliveries(pushed(&running, &account(1)).await), 2);

    let growth = Growth::begin(&args(&fixture), 16).await.unwrap();
    let grown = growth.finish(|_| {}).await.unwrap();
    assert_eq!(grown.entered, 1);
    begins(&Shards::find(&args(&fixture)).await.unwrap(), &account(2))
        .await
        .unwrap();
    assert_eq!(places(&fixture, &account(2)), ["13"]);
    assert_eq!(places(&fixture, &account(1)), ["0"]);
}

/// Each shard has all service keys, those that were revoked too: a new one begins with them.
#[tokio::test]
async fn new_shards_begin_with_the_service_keys_that_there_are() {
    let fixture = Fixture::new().await;
    let before = Shards::find(&args(&fixture)).await.unwrap();
    let order = Order::new("ann", "a test");
    for id in ["backend", "gone"] {
        before
            .create_service_key(&order, id, [7; 32], false)
            .await
            .unwrap();
    }
    before.revoke_service_key(&order, "gone").await.unwrap();
    let known = before.all()[0].service_keys().await.unwrap();
    let growth = Growth::begin(&args(&fixture), 3).await.unwrap();
    let running = Shards::find(&args(&fixture)).await.unwrap();
    assert_eq!(running.all().len(), 3);
    for store in running.all() {
        assert_eq!(store.service_keys().await.unwrap(), known, "{:?}", store.shard());
    }
    running
        .create_service_key(&order, "later", [8; 32], true)
        .await
        .unwrap();
    growth.finish(|_| {}).await.unwrap();
    assert_eq!(running.check().await.unwrap(), Vec::<String>::new());
    let valid = running.all()[2].service_keys().await.unwrap();
    let ids: Vec<_> = valid.valid().map(|(id, _, _)| id.to_owned()).collect();
    assert_eq!(ids, ["backend", "later"]);
}
