//! A whole account is erased: nothing of it is anywhere any more, and nobody else's is touched.
//!
//! Proves (guarantees): an account is erased, whatever it has, and others keep what is theirs

use std::time::Duration;

use domain::endpoint::{EndpointPatch, ParkedAction, StateChange};
use domain::event::EventType;
use domain::id::{AccountId, EndpointId};
use store::StoreError;
use store::accounts::{AccountLimits, ErasurePhase};
use store::endpoints::CreateOutcome;
use store::events::{AcceptOutcome, NewEvent};
use store::queue::{Leased, Receipt, WorkRequest};
use store::rates::Subject;

use crate::fixture::{
    BUDGETS, Fixture, Worker, account, event_of, failed, new_endpoint, report, succeeded, wants, with_key,
};
use crate::history::{MINUTE, events_of, finish_many};
use crate::packing::pack_whatever;

/// Stands in all that is the account's.
const NAME: &str = "maria@example.com";

fn other() -> AccountId {
    "org:org_2".parse().unwrap()
}

fn personal(number: usize) -> NewEvent {
    event_of(
        EventType::LEAD_CAPTURED,
        "bot",
        &format!("{{\"email\":\"{NAME}\",\"number\":{number}}}"),
    )
}

/// Upkeep with the steps of erasing, until there is no more to do at once.
pub(crate) async fn upkeep(fixture: &Fixture) {
    loop {
        let reply = fixture.store.upkeep(&fixture.policy).await.unwrap();
        fixture.assert_sound().await;
        let goes_on = reply.look_again.is_some_and(|soon| soon < Duration::from_secs(1));
        if !reply.more && !goes_on {
            break;
        }
    }
}

async fn phase(fixture: &Fixture) -> ErasurePhase {
    let erasure = fixture.store.account_erasure(&account()).await.unwrap();
    erasure.unwrap().phase
}

/// Something in every place: packed and not, waiting, retrying, exhausted, in flight, parked, known by keys, noted as nobody's.
async fn fill(fixture: &Fixture, worker: &mut Worker) -> Leased {
    let _payloads = finish_many(fixture, 300).await;
    fixture.pass(MINUTE).await;
    assert!(pack_whatever(fixture, &events_of(&account()).series, 0).await);
    for outcome in [succeeded(), failed(Some(3600)), failed(None)] {
        fixture.accept(&with_key(personal(1), "key", "print")).await;
        fixture.accept(&personal(2)).await;
        let leased = fixture.fetch(worker, 64).await;
        let reports = leased
            .iter()
            .map(|leased| report(leased, outcome.clone()))
            .collect();
        fixture.work(worker, WorkRequest { reports, ..wants(0) }).await;
    }
    let paused = fixture.endpoint(&["*"]).await;
    let patch = EndpointPatch {
        state: Some(StateChange::Paused),
        ..EndpointPatch::default()
    };
    fixture
        .store
        .update_endpoint(&account(), &paused, &patch)
        .await
        .unwrap();
    let off = fixture.endpoint(&["ticket.created"]).await;
    fixture.switch(&off, false, ParkedAction::Deliver).await;
    fixture.accept(&personal(3)).await;
    let nobodys = event_of(
        EventType::TICKET_CREATED,
        "nobodys",
        &format!("{{\"by\":\"{NAME}\"}}"),
    );
    fixture.accept(&nobodys).await;
    let leased = fixture.fetch(worker, 1).await;
    fixture.accept(&personal(4)).await;
    fixture
        .store
        .set_account_limits(
            &account(),
            &AccountLimits {
                endpoints: Some(7),
                ..AccountLimits::default()
            },
        )
        .await
        .unwrap();
    leased.into_iter().next().expect("something waits")
}

async fn keys_of(fixture: &Fixture, account: &AccountId) -> Vec<String> {
    let mut found = Vec::new();
    for key in fixture.keys().await {
        let is_named = key.contains(account.as_str());
        let full = format!("wh:{{0}}:{key}");
        let kind: String = fixture.command(redis::cmd("TYPE").arg(&full)).await;
        let names = match kind.as_str() {
            "hash" => {
                let owner: Option<String> = fixture
                    .command(redis::cmd("HGET").arg(&full).arg("account"))
                    .await;
                owner.as_deref() == Some(account.as_str())
            }
            "zset" => {
                let members: Vec<String> = fixture
                    .command(redis::cmd("ZRANGE").arg(&full).arg(0).arg(-1))
                    .await;
                members.iter().any(|member| member.contains(account.as_str()))
            }
            _ => false,
        };
        if is_named || names {
            found.push(key);
        }
    }
    found
}

#[tokio::test]
async fn all_of_an_account_goes_and_others_keep_theirs() {
    let (fixture, _) = crate::history::fixture().await;
    let mut worker = Worker::new();
    let their_endpoint: EndpointId = fixture.endpoint_of(&other(), &["*"], None).await;
    let in_flight = fill(&fixture, &mut worker).await;
    let mut theirs = personal(9);
    theirs.account = other();
    fixture.accept(&theirs).await;

    fixture.store.erase_account(&account()).await.unwrap();
    let refused = fixture.accept_outcome(&personal(5), BUDGETS).await;
    assert_eq!(refused, AcceptOutcome::BeingErased);
    let new = new_endpoint(&account(), &["*"], None);
    let refusals = [
        fixture.store.create_endpoint(&new, 9).await.map(|_| ()),
        fixture
            .store
            .pause_account(&account(), Some("why"))
            .await
            .map(|_| ()),
        fixture
            .store
            .set_account_limits(&account(), &AccountLimits::default())
            .await,
        fixture
            .store
            .count_calls(&account(), Subject::Dashboard, 0, 1, false)
            .await
            .map(|_| ()),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(StoreError::BeingErased(_))), "{refusal:?}");
    }
    let may = fixture
        .store
        .count_calls(&account(), Subject::Manage, 9, 1, true)
        .await;
    assert!(may.unwrap().0);
    assert_eq!(phase(&fixture).await, ErasurePhase::Endpoints);

    // It ends only when what is in flight has.
    upkeep(&fixture).await;
    assert_eq!(phase(&fixture).await, ErasurePhase::Queues);
    // The same again, while it goes on and after it, changes nothing for others.
    fixture.store.erase_account(&account()).await.unwrap();
    assert_eq!(phase(&fixture).await, ErasurePhase::Queues);
    assert_eq!(
        fixture.report(&mut worker, &in_flight, succeeded()).await,
        Receipt::Recorded
    );
    upkeep(&fixture).await;
    let erasure = fixture.store.account_erasure(&account()).await.unwrap().unwrap();
    assert_eq!(erasure.phase, ErasurePhase::Erased);
    assert_eq!(erasure.endpoints, 3);
    assert!(erasure.events > 300, "{erasure:?}");
    assert!(erasure.ended_at.unwrap() >= erasure.since);

    // How far it got is known for a week.
    let expected = [format!("account:{}:erasure", account())];
    assert_eq!(keys_of(&fixture, &account()).await, expected);
    assert!(fixture.ttl(&expected[0]).await > 6 * 86_400_000);
    let fetched = fixture.fetch(&mut worker, 8).await;
    assert_eq!(fetched.len(), 1);
    assert_eq!(fetched[0].delivery.endpoint(), their_endpoint);
    fixture.report(&mut worker, &fetched[0], succeeded()).await;
    fixture.assert_sound().await;

    // It may come back, as a new one.
    assert!(matches!(
        fixture.store.create_endpoint(&new, 9).await.unwrap(),
        CreateOutcome::Created(_)
    ));
    assert_eq!(fixture.accept(&personal(6)).await.deliveries, 1);
    fixture.store.erase_account(&account()).await.unwrap();
    upkeep(&fixture).await;
    assert_eq!(phase(&fixture).await, ErasurePhase::Erased);
    assert_eq!(keys_of(&fixture, &account()).await, expected);
}

#[tokio::test]
async fn steps_take_turns_and_each_may_be_the_last_of_its_worker() {
    let fixture = Fixture::new().await;
    let accounts: Vec<AccountId> = (1..=3)
        .map(|number| format!("org:org_{number}").parse().unwrap())
        .collect();
    for account in &accounts {
        for _ in 0..9 {
            fixture.endpoint_of(account, &["*"], None).await;
        }
        for number in 0..40 {
            let mut event = personal(number);
            event.account = account.clone();
            fixture.accept(&event).await;
        }
        fixture.store.erase_account(account).await.unwrap();
    }
    // Each call is the only one that its worker makes; between them the state is sound. Upkeep goes on with what was set aside.
    let is_over = async || {
        for account in &accounts {
            let erasure = fixture.store.account_erasure(account).await.unwrap().unwrap();
            if erasure.phase != ErasurePhase::Erased {
                return false;
            }
        }
        true
    };
    let mut rounds = 0;
    while !is_over().await {
        fixture.store.erase_accounts().await.unwrap();
        fixture.assert_sound().await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
        rounds += 1;
        assert!(rounds < 200);
    }
    for account in &accounts {
        assert_eq!(
            keys_of(&fixture, account).await,
            [format!("account:{account}:erasure")]
        );
    }
    assert_eq!(fixture.list("sweeps").await, Vec::<String>::new());
    assert_eq!(fixture.store.erase_accounts().await.unwrap(), None);
}

/// A place in a walk through all keys is good for one process of the server; and an endpoint goes that no route leads to.
#[tokio::test]
async fn what_a_walk_has_missed_and_what_no_route_leads_to_goes_as_well() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let key = |rest: &str| format!("wh:{{0}}:account:{}:{rest}", account());
    let mut unroute = redis::cmd("HDEL");
    let _: u32 = fixture
        .command(unroute.arg(key("endpoints")).arg(endpoint.as_str()))
        .await;
    fixture.store.erase_account(&account()).await.unwrap();
    let mut restarted = redis::cmd("HSET");
    restarted.arg(key("erasure")).arg("phase").arg("keys");
    restarted
        .arg("cursor")
        .arg("1234567")
        .arg("server")
        .arg("another");
    let _: u32 = fixture.command(&restarted).await;
    loop {
        let reply = fixture.store.upkeep(&fixture.policy).await.unwrap();
        if !reply.more && reply.look_again.is_none() {
            break;
        }
    }
    assert_eq!(phase(&fixture).await, ErasurePhase::Erased);
    assert_eq!(
        keys_of(&fixture, &account()).await,
        [format!("account:{}:erasure", account())]
    );
    assert!(fixture.hash(&format!("endpoint:{endpoint}")).await.is_empty());
    fixture.assert_sound().await;
}

#[tokio::test]
async fn an_account_that_is_being_erased_is_not_packed() {
    let (fixture, _) = crate::history::fixture().await;
    let _payloads = finish_many(&fixture, 300).await;
    fixture.pass(Duration::from_secs(7200)).await;
    let find = async || fixture.store.find_unpacked(&mut 0, false).await.unwrap();
    assert!(find().await.is_some());
    fixture.pass(Duration::from_secs(60)).await;
    fixture.store.erase_account(&account()).await.unwrap();
    assert!(find().await.is_none());
}
