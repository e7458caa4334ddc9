//! Something else overwrites keys with another type: the store moves them away, shows that, and nobody else notices.
//!
//! Proves (guarantees): something else overwrites the keys of an endpoint, a delivery, an event, an account

use std::time::Duration;

use domain::endpoint::ParkedAction;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};
use store::check::{Violation, broken_rules};
use store::events::NewEvent;
use store::log::{ListFilter, ListStatus, Listing};
use store::queue::{Leased, Receipt, WorkRequest};
use store::rates::Subject;
use store::replays::{ReplaySpan, ReplayStatus};

use crate::fixture::{
    BUDGETS, Fixture, Worker, account, failed, new_event, report, succeeded, wants, with_key,
};

/// Something of each type.
const SOMETHING: [(&str, &[&str]); 6] = [
    ("string", &["SET", "?", "x"]),
    ("list", &["RPUSH", "?", "x"]),
    ("hash", &["HSET", "?", "x", "y"]),
    ("set", &["SADD", "?", "x"]),
    ("zset", &["ZADD", "?", "1", "x"]),
    ("stream", &["XADD", "?", "*", "x", "y"]),
];

/// An endpoint with one delivery in each place, and one of another account.
struct Scene {
    fixture: Fixture,
    worker: Worker,
    endpoint: EndpointId,
    bystander: AccountId,
    keyed: NewEvent,
    waiting: EventId,
    retrying: DeliveryId,
    exhausted: DeliveryId,
    replay: ReplayId,
}

impl Scene {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let endpoint = fixture.endpoint(&["*"]).await;
        let bystander: AccountId = "user:user_2".parse().unwrap();
        fixture.endpoint_of(&bystander, &["*"], None).await;
        fixture.push_many(3).await;
        let mut worker = Worker::new();
        let leased = fixture.fetch(&mut worker, 3).await;
        let reports = vec![
            report(&leased[0], succeeded()),
            report(&leased[1], failed(Some(60))),
            report(&leased[2], failed(None)),
        ];
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        let keyed = with_key(new_event(), "key", "same");
        let waiting = fixture.accept(&keyed).await.id;
        let now = fixture.store.time().await.unwrap();
        let span = ReplaySpan {
            status: ReplayStatus::Exhausted,
            events: Vec::new(),
            since: domain::clock::Timestamp::default(),
            until: now,
        };
        let replay = ReplayId::new(now.as_millis());
        fixture
            .store
            .start_replay(&account(), &endpoint, &replay, &span, BUDGETS)
            .await
            .unwrap();
        Self {
            worker,
            bystander,
            keyed,
            waiting,
            replay,
            retrying: leased[1].delivery.clone(),
            exhausted: leased[2].delivery.clone(),
            endpoint,
            fixture,
        }
    }

    /// Puts something else in the place of a key.
    async fn overwrite(&self, name: &str, something: &[&str]) {
        let key = format!("wh:{{0}}:{name}");
        let existed: i64 = self.fixture.command(redis::cmd("DEL").arg(&key)).await;
        assert_eq!(existed, 1, "{name} was not there");
        let mut command = redis::Cmd::new();
        for word in something {
            command.arg(if *word == "?" { key.as_str() } else { *word });
        }
        let _: redis::Value = self.fixture.command(&command).await;
    }

    fn elsewhere(&self) -> NewEvent {
        NewEvent {
            account: self.bystander.clone(),
            ..new_event()
        }
    }

    /// Workers go on: what is due is attempted and succeeds. Returns how many attempts were of the other account.
    async fn work(&mut self) -> usize {
        let leased: Vec<Leased> = self.fixture.fetch(&mut self.worker, 32).await;
        let others = leased
            .iter()
            .filter(|leased| leased.delivery.endpoint() != self.endpoint)
            .count();
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        self.fixture
            .work(&mut self.worker, WorkRequest { reports, ..wants(0) })
            .await;
        while self
            .fixture
            .store
            .upkeep(&self.fixture.policy)
            .await
            .unwrap()
            .more
        {}
        others
    }

    /// Every call of the API is answered.
    async fn ask_everything(&self) {
        let (store, account, endpoint) = (&self.fixture.store, account(), &self.endpoint);
        store.get_endpoint(&account, endpoint).await.unwrap();
        store.list_endpoints(&account).await.unwrap();
        store.endpoint_facts(&account, endpoint).await.unwrap();
        store.account_facts(&account).await.unwrap();
        store.signing_secrets(&account, endpoint).await.unwrap();
        for status in [
            None,
            Some(ListStatus::Pending),
            Some(ListStatus::Retrying),
            Some(ListStatus::Exhausted),
        ] {
            let filter = ListFilter {
                status,
                ..ListFilter::default()
            };
            store
                .list_deliveries(&Listing {
                    account: &account,
                    endpoint,
                    filter: &filter,
                    position: None,
                    limit: 10,
                })
                .await
                .unwrap();
        }
        for delivery in [&self.retrying, &self.exhausted] {
            store.get_delivery(&account, endpoint, delivery).await.unwrap();
        }
        store.tail_log(endpoint, None).await.unwrap();
        store.log_gap(endpoint, "1-1".parse().unwrap()).await.unwrap();
        store.event_body(&account, &self.waiting).await.unwrap();
        store.get_replay(&account, endpoint, &self.replay).await.unwrap();
        store
            .count_calls(&account, Subject::Dashboard, 1000, 1, false)
            .await
            .unwrap();
    }

    async fn violations(&self) -> Vec<Violation> {
        broken_rules(&self.fixture.store.snapshot(&|_| {}).await.unwrap())
    }

    async fn is_moved_away(&self, name: &str) -> bool {
        let key = format!("corrupt:{name}");
        let noted = self.fixture.list("corrupt").await;
        let violations = self.violations().await;
        self.fixture.ttl(&key).await > 0
            && noted.iter().any(|entry| entry.ends_with(&format!(" {name}")))
            && violations.iter().any(|violation| violation.key == key)
    }

    /// The keys that belong to one endpoint, delivery, event, account or worker, with their types.
    async fn owned_keys(&self) -> Vec<(String, &'static str)> {
        let (endpoint, event) = (&self.endpoint, &self.waiting);
        let keys = self.fixture.keys().await;
        let idempotency = keys.iter().find(|key| key.starts_with("idempotency:")).unwrap();
        let worker = keys.iter().find(|key| key.starts_with("worker:")).unwrap();
        vec![
            (format!("endpoint:{endpoint}"), "hash"),
            (format!("pending:{endpoint}"), "list"),
            (format!("retry:{endpoint}"), "zset"),
            (format!("failed:{endpoint}"), "zset"),
            (format!("log:{endpoint}"), "stream"),
            (format!("delivery:{}", self.retrying), "hash"),
            (format!("event:{event}"), "hash"),
            ("account:org:org_1:bytes".to_owned(), "string"),
            ("account:org:org_1:hours".to_owned(), "hash"),
            (format!("replay:{}", self.replay), "hash"),
            (idempotency.clone(), "hash"),
            (worker.clone(), "string"),
        ]
    }
}

#[tokio::test]
async fn each_key_overwritten_by_each_type_is_moved_away_and_stops_nobody() {
    let kinds = Scene::new().await.owned_keys().await.len();
    for kind in 0..kinds {
        for (kind_of_something, something) in SOMETHING {
            let mut scene = Scene::new().await;
            let (name, right) = scene.owned_keys().await.remove(kind);
            if kind_of_something == right {
                continue;
            }
            scene.overwrite(&name, something).await;
            let mut served = 0;
            for round in 0..3 {
                // In turn, since it must not matter whether a call or a worker sees the damage first.
                if (round + kind) % 2 == 0 {
                    scene.ask_everything().await;
                }
                scene.fixture.accept(&scene.keyed).await;
                scene.fixture.accept(&new_event()).await;
                scene.fixture.accept(&scene.elsewhere()).await;
                served += scene.work().await;
                scene.ask_everything().await;
                scene.fixture.pass(Duration::from_secs(61)).await;
            }
            assert_eq!(served, 3, "{name} as a {kind_of_something}");
            assert!(
                scene.is_moved_away(&name).await,
                "{name} as a {kind_of_something}: {:?}",
                scene.violations().await
            );
        }
    }
}

#[tokio::test]
async fn an_endpoint_whose_key_was_overwritten_is_gone_and_all_that_waits_is_canceled() {
    let mut scene = Scene::new().await;
    scene.fixture.push_many(3).await;
    let in_flight = scene.fixture.fetch(&mut scene.worker, 1).await.remove(0);
    let name = format!("endpoint:{}", scene.endpoint);
    scene.overwrite(&name, &["SET", "?", "x"]).await;
    // The route still leads there: what is accepted before anybody has noticed ends, too.
    assert_eq!(scene.fixture.push().await.deliveries, 1);
    assert_eq!(scene.fixture.push().await.deliveries, 0);
    assert_eq!(
        scene
            .fixture
            .report(&mut scene.worker, &in_flight, succeeded())
            .await,
        Receipt::Recorded
    );
    for _ in 0..2 {
        scene.work().await;
    }
    let listed = scene.fixture.store.list_endpoints(&account()).await.unwrap();
    assert_eq!(listed.len(), 0);
    let mut named: Vec<_> = scene
        .violations()
        .await
        .into_iter()
        .map(|violation| violation.key)
        .collect();
    named.sort_unstable();
    let log = format!("corrupt:log:{}", scene.endpoint);
    assert_eq!(named, [format!("corrupt:{name}"), log]);
    let stats = scene.fixture.hash("stats").await;
    // The one that was to be tried again, the keyed one, three more and the last; one of them was in flight.
    assert_eq!(stats["canceled"], "6");
    // Somebody else's endpoints go on, and its owner makes another.
    scene.fixture.endpoint(&["*"]).await;
    assert_eq!(scene.fixture.push().await.deliveries, 1);
    assert_eq!(scene.work().await, 1);
}

#[tokio::test]
async fn an_endpoint_that_wants_to_be_notified_and_is_gone_stops_no_worker() {
    let fixture = Fixture::new().await;
    let (watcher, failing) = (
        fixture.endpoint(&["endpoint.disabled"]).await,
        fixture.endpoint(&["*"]).await,
    );
    let _: () = fixture
        .command(
            redis::cmd("SET")
                .arg(format!("wh:{{0}}:endpoint:{watcher}"))
                .arg("x"),
        )
        .await;
    fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    let receipt = fixture.report(&mut worker, &leased, crate::fixture::gone()).await;
    assert_eq!(receipt, Receipt::DisabledEndpoint);
    fixture.switch(&failing, true, ParkedAction::Deliver).await;
}

#[tokio::test]
async fn the_check_reports_what_a_lost_retry_set_held() {
    let scene = Scene::new().await;
    let name = format!("retry:{}", scene.endpoint);
    scene.overwrite(&name, &["SET", "?", "x"]).await;
    scene.ask_everything().await;
    let violations = scene.violations().await;
    let key = format!("delivery:{}", scene.retrying);
    assert!(
        violations
            .iter()
            .any(|violation| violation.key == key && violation.what == "waits nowhere"),
        "{violations:?}"
    );
}

#[tokio::test]
async fn a_count_that_is_no_number_is_left_out() {
    let mut scene = Scene::new().await;
    let bytes = "wh:{0}:account:org:org_1:bytes";
    let _: () = scene
        .fixture
        .command(redis::cmd("SET").arg(bytes).arg("many"))
        .await;
    let hours = scene.fixture.hash("account:org:org_1:hours").await;
    for hour in hours.keys() {
        let _: i64 = scene
            .fixture
            .command(
                redis::cmd("HSET")
                    .arg("wh:{0}:account:org:org_1:hours")
                    .arg(hour)
                    .arg("some"),
            )
            .await;
    }
    scene.fixture.push().await;
    scene.work().await;
    let noted = scene.fixture.list("corrupt").await;
    assert!(noted.len() >= 2, "{noted:?}");
}
