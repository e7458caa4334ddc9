//! An account moves to another shard: whoever dies, whenever, nothing of it is lost, doubled or left behind, and nobody else is touched.
//!
//! Proves (guarantees): an account moves to another shard

use std::collections::BTreeMap;
use std::time::Duration;

use domain::api_key::{ApiKeyToken, Scopes};
use domain::endpoint::{EndpointPatch, ParkedAction, StateChange};
use domain::event::EventType;
use domain::id::{AccountId, EndpointId};
use e2e::redis_server::RedisServer;
use store::accounts::AccountLimits;
use store::api_keys::{KeyUse, NewApiKey};
use store::check::broken_rules;
use store::events::{AcceptOutcome, Accepted, NewEvent, Push};
use store::log::{AccountFilter, AccountListing};
use store::moving::{AccountMove, MoveError, Phase, Step};
use store::queue::{Leased, WorkRequest};
use store::rates::{EventLimits, Subject};
use store::settings::RedisArgs;
use store::shards::{GrowError, Growth, Shards};
use store::{Store, StoreError};

use crate::fixture::{
    BUDGETS, Fixture, Worker, account, event_of, failed, new_endpoint, report, succeeded, wants, with_key,
};
use crate::history::{MINUTE, events_of, finish_many, log_of};
use crate::keys::EXPECTED;
use crate::packing::pack_whatever;

const FROM: u16 = 0;
const TO: u16 = 1;

/// Two shards on one server. `fixture.store` is the first, which has [`account`].
struct Scene {
    fixture: Fixture,
    shards: Shards,
    worker: Worker,
}

/// What its owner sees of an account, and programs: texts, by what they are of.
type Views = BTreeMap<String, String>;

impl Scene {
    async fn new() -> Self {
        let mut fixture = Fixture::on(RedisServer::start()).await;
        let mut args = fixture.redis.args();
        args.shards = Some(2);
        let shards = Shards::find(&args).await.unwrap();
        for store in shards.all() {
            let report = store.inspect_server(&EXPECTED).await.unwrap();
            assert_eq!(report.refusals, Vec::<String>::new());
        }
        fixture.store = shards.all()[usize::from(FROM)].clone();
        if shards.number_of(&account()) != usize::from(FROM) {
            shards.enter(&account(), FROM).await.unwrap();
        }
        Self {
            fixture,
            shards,
            worker: Worker::new(),
        }
    }

    fn old(&self) -> &Store {
        &self.shards.all()[usize::from(FROM)]
    }

    fn new_one(&self) -> &Store {
        &self.shards.all()[usize::from(TO)]
    }

    /// Something in every place: packed and not, waiting, retrying, exhausted, parked, known by keys, and in a replay that runs. Returns an
    /// endpoint that has some of it.
    async fn fill(&mut self, finished: usize) -> EndpointId {
        let fixture = &self.fixture;
        let endpoint = fixture.endpoint(&["*"]).await;
        finish_many(fixture, finished).await;
        self.pass(MINUTE).await;
        assert!(pack_whatever(fixture, &events_of(&account()).series, 0).await);
        assert!(pack_whatever(fixture, &log_of(&endpoint).series, 0).await);
        finish_many(fixture, 3).await;
        for (number, outcome) in [succeeded(), failed(Some(3600)), failed(None)]
            .into_iter()
            .enumerate()
        {
            fixture.accept(&keyed(number)).await;
            fixture.accept(&personal(number)).await;
            let leased = fixture.fetch(&mut self.worker, 64).await;
            let reports = leased
                .iter()
                .map(|leased| report(leased, outcome.clone()))
                .collect();
            fixture
                .work(&mut self.worker, WorkRequest { reports, ..wants(0) })
                .await;
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
        for number in 10..15 {
            fixture.accept(&personal(number)).await;
        }
        fixture
            .accept(&event_of(EventType::TICKET_CREATED, "nobodys", "{}"))
            .await;
        let limits = AccountLimits {
            endpoints: Some(7),
            ..AccountLimits::default()
        };
        fixture
            .store
            .set_account_limits(&account(), &limits)
            .await
            .unwrap();
        endpoint
    }

    /// Sets the time of both shards forward.
    async fn pass(&self, span: Duration) {
        for shard in [FROM, TO] {
            let mut command = redis::cmd("HINCRBY");
            command
                .arg(format!("wh:{{{shard}}}:stats"))
                .arg("clockOffset")
                .arg(u64::try_from(span.as_millis()).unwrap());
            let _: i64 = self.fixture.command(&command).await;
        }
    }

    /// An operator pauses the account: nothing waits for a retry any more, so a move changes nothing of what is seen.
    async fn pause(&self) {
        self.old()
            .pause_account(&account(), Some("owes us"))
            .await
            .unwrap();
        self.upkeep().await;
    }

    async fn moves(&self) -> AccountMove {
        let begun = AccountMove::begin(&self.shards, &account(), TO).await.unwrap();
        begun.settling_for(Duration::ZERO)
    }

    /// Upkeep of both shards, as workers do it.
    async fn upkeep(&self) {
        for store in self.shards.all() {
            store.upkeep(&self.fixture.policy).await.unwrap();
        }
    }

    /// Takes a move to its end.
    async fn finish(&self, going: &mut AccountMove) {
        for _ in 0..10_000 {
            if going.step().await.unwrap() == Step::Done {
                return;
            }
            self.upkeep().await;
            self.assert_sound().await;
        }
        panic!("it doesn't end: {:?}", going.phase().await);
    }

    async fn until(&self, going: &mut AccountMove, phase: Phase) {
        for _ in 0..10_000 {
            if going.phase().await.unwrap() == Some(phase) {
                return;
            }
            going.step().await.unwrap();
            self.upkeep().await;
        }
        panic!("it doesn't come to {phase:?}");
    }

    async fn assert_sound(&self) {
        for store in self.shards.all() {
            let violations = broken_rules(&store.snapshot(&|_| {}).await.unwrap());
            assert!(violations.is_empty(), "{:?}: {violations:#?}", store.shard());
        }
    }

    /// Names and contents of a shard's keys that name the account, or something of it, without the prefix.
    async fn contents(&self, shard: u16) -> BTreeMap<String, String> {
        let prefix = format!("wh:{{{shard}}}:");
        let keys: Vec<String> = self
            .fixture
            .command(redis::cmd("KEYS").arg(format!("{prefix}*")))
            .await;
        let mut found = BTreeMap::new();
        for key in keys {
            let kind: String = self.fixture.command(redis::cmd("TYPE").arg(&key)).await;
            let mut command = match kind.as_str() {
                "string" => redis::cmd("GET"),
                "hash" => redis::cmd("HGETALL"),
                "list" => redis::cmd("LRANGE"),
                "zset" => redis::cmd("ZRANGE"),
                "stream" => redis::cmd("XRANGE"),
                _ => continue,
            };
            command.arg(&key);
            match kind.as_str() {
                "list" => command.arg(0).arg(-1),
                "zset" => command.arg(0).arg(-1).arg("WITHSCORES"),
                "stream" => command.arg("-").arg("+"),
                _ => &mut command,
            };
            let value: redis::Value = self.fixture.command(&command).await;
            let mut text = format!("{value:?}");
            if kind == "hash" {
                let fields: BTreeMap<String, String> = self.fixture.command(&command).await;
                text = format!("{fields:?}");
            }
            let lives: i64 = self.fixture.command(redis::cmd("PTTL").arg(&key)).await;
            text.push_str(if lives > 0 { " for some time" } else { "" });
            found.insert(key[prefix.len()..].to_owned(), text);
        }
        found
    }

    async fn accept_in(&self, store: &Store, event: NewEvent) -> Result<AcceptOutcome, StoreError> {
        let push = Push {
            events: vec![event],
            budgets: BUDGETS,
            limits: EventLimits::NONE,
        };
        store.accept(push).await.remove(0).map(|counted| counted.outcome)
    }
}

fn personal(number: usize) -> NewEvent {
    event_of(
        EventType::LEAD_CAPTURED,
        "bot",
        &format!("{{\"number\":{number}}}"),
    )
}

fn keyed(number: usize) -> NewEvent {
    with_key(personal(number), &format!("key-{number}"), "print")
}

/// What is seen of the account there.
async fn views(store: &Store) -> Views {
    let mut seen = Views::new();
    let mut endpoints = store.list_endpoints(&account()).await.unwrap();
    endpoints.sort_by(|one, other| one.id.cmp(&other.id));
    for endpoint in &endpoints {
        let counts = (
            endpoint.consecutive_failures,
            endpoint.queue.waiting + endpoint.queue.retrying,
        );
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {counts:?}",
            endpoint.url,
            endpoint.state,
            endpoint.events,
            endpoint.recent,
            endpoint.created_at,
            endpoint.updated_at
        );
        seen.insert(format!("endpoint {}", endpoint.id), text);
    }
    let (filter, mut position) = (AccountFilter::default(), None);
    loop {
        let page = store
            .list_account(&AccountListing {
                account: &account(),
                filter: &filter,
                position: position.as_ref(),
                limit: 50,
            })
            .await
            .unwrap()
            .unwrap();
        for delivery in page.deliveries {
            let id = delivery.id.clone();
            seen.insert(format!("listed {id}"), format!("{delivery:?}"));
            let detail = store.get_delivery(&account(), &id.endpoint(), &id).await.unwrap();
            seen.insert(format!("delivery {id}"), format!("{detail:?}"));
            let body = store.event_body(&account(), &id.event()).await.unwrap();
            seen.insert(format!("payload {id}"), format!("{body:?}"));
        }
        position = page.next;
        if position.is_none() {
            break;
        }
    }
    let facts = store.account_facts(&account()).await.unwrap();
    seen.insert("bytes".to_owned(), format!("{:?}", facts.unfinished_bytes));
    seen.insert(
        "limits".to_owned(),
        format!("{:?}", store.account_limits(&account()).await.unwrap()),
    );
    seen.insert(
        "keys".to_owned(),
        format!("{:?}", store.list_api_keys(&account()).await.unwrap()),
    );
    seen.insert(
        "hold".to_owned(),
        format!("{:?}", store.account_hold(&account()).await.unwrap()),
    );
    seen
}

/// What differs, briefly.
fn differences(before: &Views, after: &Views) -> Vec<String> {
    let mut found = Vec::new();
    for of in before
        .keys()
        .chain(after.keys().filter(|of| !before.contains_key(*of)))
    {
        let (one, other) = (
            before.get(of).map_or("-", |text| text),
            after.get(of).map_or("-", |text| text),
        );
        let same = one
            .chars()
            .zip(other.chars())
            .take_while(|(one, other)| one == other)
            .count();
        if one != other {
            let from = |text: &str| {
                text.chars()
                    .skip(same.saturating_sub(60))
                    .take(120)
                    .collect::<String>()
            };
            found.push(format!("{of}: {:?} became {:?}", from(one), from(other)));
        }
    }
    found
}

async fn remembered(scene: &Scene, store: &Store, number: usize) -> Accepted {
    match scene.accept_in(store, keyed(number)).await.unwrap() {
        AcceptOutcome::Accepted(accepted) => accepted,
        other => panic!("not accepted: {other:?}"),
    }
}

#[tokio::test]
async fn all_of_an_account_reads_the_same_in_its_new_shard() {
    let mut scene = Scene::new().await;
    let _endpoint = scene.fill(300).await;
    let first = remembered(&scene, scene.old(), 1).await;
    assert!(first.duplicate);
    scene.pause().await;
    let before = views(scene.old()).await;
    assert!(before.len() > 600, "{}", before.len());

    let mut going = scene.moves().await;
    scene.finish(&mut going).await;
    assert_eq!(scene.shards.number_of(&account()), usize::from(TO));
    let after = views(scene.new_one()).await;
    assert_eq!(differences(&before, &after), Vec::<String>::new());
    // A request that was made before is known, by its key.
    let again = remembered(&scene, scene.new_one(), 1).await;
    assert_eq!((again.id, again.duplicate), (first.id, true));
    scene.new_one().pause_account(&account(), None).await.unwrap();

    // In the old shard nothing is left but what says where it is.
    let left = scene.contents(FROM).await;
    let its: Vec<_> = left.iter().filter(|(key, _)| key.contains("org:org_1")).collect();
    assert_eq!(its.len(), 1, "{its:#?}");
    assert!(its[0].1.contains("moved 1"), "{its:?}");
    let kinds = [
        "event", "delivery", "endpoint", "log", "block", "blocks", "pending", "retry", "failed", "replay",
    ];
    for key in left.keys() {
        assert!(!kinds.contains(&key.split(':').next().unwrap()), "{key}");
    }
    assert!(
        !scene
            .contents(TO)
            .await
            .keys()
            .any(|key| key.ends_with(":move") || key.ends_with(":places"))
    );
    let refused = scene.accept_in(scene.old(), personal(1)).await;
    assert!(matches!(refused, Err(StoreError::AccountMoved(_))), "{refused:?}");

    // What waited goes out there, and nothing else does.
    scene.pass(Duration::from_secs(2 * 3600)).await;
    scene.upkeep().await;
    let mut worker = Worker::new();
    worker.sequence = 1;
    let reply = scene
        .new_one()
        .work(
            &worker.incarnation,
            &scene.fixture.policy,
            &WorkRequest {
                sequence: 1,
                ..wants(64)
            },
        )
        .await
        .unwrap();
    assert!(!reply.leased.is_empty());
    scene.assert_sound().await;
}

/// The copy is the same, key by key, at the moment when it begins to count.
#[tokio::test]
async fn the_copy_has_what_was_there_and_nothing_else() {
    let mut scene = Scene::new().await;
    scene.fill(40).await;
    let mut going = scene.moves().await;
    scene.until(&mut going, Phase::Switched).await;
    let not_copied = |key: &str| key.ends_with(":move") || key.ends_with(":terms") || key.contains(":turn");
    let mut there = scene.contents(TO).await;
    let shared = |key: &String| !key.contains(':') || key.starts_with("event_types");
    there.retain(|key, _| !shared(key) && !not_copied(key));
    let mut here = scene.contents(FROM).await;
    let others = [
        "worker:",
        "changed:",
        "removed:",
        "waiting:",
        "turns:",
        "finished:",
        "history:",
        "operator:",
    ];
    here.retain(|key, _| {
        !shared(key) && !not_copied(key) && !others.iter().any(|kind| key.starts_with(kind))
    });
    assert_eq!(here, there);
    assert!(here.len() > 30, "{}", here.len());
    scene.finish(&mut going).await;
}

/// It waits for what is in flight. Meanwhile events are accepted, then refused for as long as it is copied.
#[tokio::test]
async fn an_account_is_drained_before_it_is_closed() {
    let mut scene = Scene::new().await;
    scene.fill(10).await;
    let leased: Vec<Leased> = scene.fixture.fetch(&mut scene.worker, 1).await;
    assert_eq!(leased.len(), 1);
    let mut going = scene.moves().await;
    for _ in 0..5 {
        going.step().await.unwrap();
        scene.upkeep().await;
    }
    assert_eq!(going.step().await.unwrap(), Step::Waits("what is in flight"));
    assert_eq!(going.phase().await.unwrap(), Some(Phase::Draining));
    scene.fixture.accept(&personal(77)).await;
    scene.assert_sound().await;
    scene
        .fixture
        .report(&mut scene.worker, &leased[0], succeeded())
        .await;
    scene.until(&mut going, Phase::Closed).await;
    let old = scene.old();
    let endpoint = &old.endpoint_ids(&account()).await.unwrap()[0];
    let refusals = [
        scene.accept_in(old, personal(1)).await.map(|_| ()),
        scene.accept_in(scene.new_one(), personal(1)).await.map(|_| ()),
        old.create_endpoint(&new_endpoint(&account(), &["*"], None), 9)
            .await
            .map(|_| ()),
        old.remove_endpoint(&account(), endpoint).await.map(|_| ()),
        old.hold_endpoint(endpoint, None, "").await.map(|_| ()),
        old.erase_account(&account()).await,
        old.pause_account(&account(), None).await.map(|_| ()),
        old.count_calls(&account(), Subject::Dashboard, 0, 1, false)
            .await
            .map(|_| ()),
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Err(StoreError::AccountMoving(_))),
            "{refusal:?}"
        );
    }
    scene.finish(&mut going).await;
    assert!(views(scene.new_one()).await["hold"].contains("None"));
}

/// Whoever moves it dies after each number of steps; somebody else goes on, or goes back.
#[tokio::test]
async fn a_move_that_was_interrupted_goes_on_or_goes_back() {
    for steps in 0..60 {
        let mut is_over = false;
        for undoes in [false, true] {
            let mut scene = Scene::new().await;
            scene.fill(8).await;
            // Every other time nobody had paused it: the pause of the move itself ends, and retries come at once, as after any.
            let is_paused = steps % 2 == 0;
            if is_paused {
                scene.pause().await;
            }
            let seen = async |store: &Store| {
                let mut seen = views(store).await;
                seen.retain(|of, _| is_paused || !of.starts_with("listed") && !of.starts_with("delivery"));
                seen
            };
            let before = seen(scene.old()).await;
            let mut first = scene.moves().await;
            for _ in 0..steps {
                is_over = first.step().await.unwrap() == Step::Done;
                scene.upkeep().await;
            }
            drop(first);
            let moving = scene.shards.move_of(&account()).await.unwrap();
            let goes_back = undoes && moving.as_ref().is_some_and(|moving| moving.phase.can_be_undone());
            if is_over {
                break;
            } else if goes_back {
                // Whoever undoes it dies, too: half-way, and once more.
                for steps in [1, 3, 5, 10_000] {
                    let Ok((mut going, _)) = AccountMove::under_way(&scene.shards, &account()).await else {
                        break;
                    };
                    for _ in 0..steps {
                        if going.undo().await.unwrap() == Step::Done {
                            break;
                        }
                        scene.assert_sound().await;
                    }
                }
                assert_eq!(scene.shards.move_of(&account()).await.unwrap(), None);
                assert_eq!(scene.shards.number_of(&account()), usize::from(FROM));
                assert!(
                    !scene
                        .contents(TO)
                        .await
                        .keys()
                        .any(|key| key.contains("org:org_1") || key.starts_with("e"))
                );
            } else if let Some(moving) = moving {
                let (going, _) = AccountMove::under_way(&scene.shards, &account()).await.unwrap();
                let mut going = going.settling_for(Duration::ZERO);
                if undoes {
                    let refused = going.undo().await;
                    assert!(
                        matches!(refused, Err(MoveError::Refused(_))),
                        "{moving:?}: {refused:?}"
                    );
                }
                scene.finish(&mut going).await;
                assert_eq!(scene.shards.number_of(&account()), usize::from(TO));
            }
            let store = scene.shards.of(&account());
            scene.upkeep().await;
            let after = seen(store).await;
            assert_eq!(
                differences(&before, &after),
                Vec::<String>::new(),
                "after {steps} steps"
            );
            scene.assert_sound().await;
            let found = scene.accept_in(store, personal(5)).await;
            assert!(matches!(found, Ok(AcceptOutcome::Accepted(_))), "{found:?}");
        }
        if is_over {
            return;
        }
    }
    panic!("it takes more steps than it should");
}

/// An undone move can be begun again, and an account can come back.
#[tokio::test]
async fn an_account_comes_back() {
    let mut scene = Scene::new().await;
    scene.fill(8).await;
    scene.pause().await;
    let before = views(scene.old()).await;
    let mut going = scene.moves().await;
    scene.finish(&mut going).await;
    let back = AccountMove::begin(&scene.shards, &account(), FROM).await.unwrap();
    scene.finish(&mut back.settling_for(Duration::ZERO)).await;
    assert_eq!(
        differences(&before, &views(scene.old()).await),
        Vec::<String>::new()
    );
    let mut going = scene.moves().await;
    scene.finish(&mut going).await;
    assert_eq!(
        differences(&before, &views(scene.new_one()).await),
        Vec::<String>::new()
    );
}

/// An operator's pause stays as it was, and nobody else's data are touched.
#[tokio::test]
async fn what_an_operator_paused_stays_paused_and_neighbours_stay() {
    let mut scene = Scene::new().await;
    scene.fill(8).await;
    for store in scene.shards.all() {
        let theirs = (0..).find_map(|number| {
            let account: AccountId = format!("org:org_of_others_{number}").parse().unwrap();
            let place = scene.shards.number_of(&account);
            (place == usize::from(store.shard().number)).then_some(account)
        });
        let theirs = theirs.unwrap();
        let new = new_endpoint(&theirs, &["*"], None);
        store.create_endpoint(&new, 9).await.unwrap();
        let mut event = personal(1);
        event.account = theirs;
        scene.accept_in(store, event).await.unwrap();
    }
    let of_theirs = |contents: BTreeMap<String, String>| -> BTreeMap<String, String> {
        let is_theirs = |(key, text): &(String, String)| {
            key.contains("org_of_others") || text.contains("org_of_others") && key.starts_with('e')
        };
        contents.into_iter().filter(is_theirs).collect()
    };
    let before = [
        of_theirs(scene.contents(0).await),
        of_theirs(scene.contents(1).await),
    ];
    assert!(before[0].len() > 3 && before[1].len() > 3);
    let hold = scene
        .old()
        .pause_account(&account(), Some("owes us"))
        .await
        .unwrap();
    let mut going = scene.moves().await;
    scene.finish(&mut going).await;
    assert_eq!(scene.new_one().account_hold(&account()).await.unwrap(), hold);
    assert_eq!(
        [
            of_theirs(scene.contents(0).await),
            of_theirs(scene.contents(1).await)
        ],
        before
    );
}

/// What can't be is refused, and changes nothing.
#[tokio::test]
async fn what_can_not_move_is_refused() {
    let mut scene = Scene::new().await;
    scene.fill(8).await;
    let refused = async |to: u16| match AccountMove::begin(&scene.shards, &account(), to).await {
        Err(MoveError::Refused(reason)) => reason,
        other => panic!("not refused: {other:?}"),
    };
    assert_eq!(refused(FROM).await, "org:org_1 is in shard 0 already");
    assert_eq!(refused(2).await, "there is no shard 2: they are 0 to 1");
    assert!(AccountMove::under_way(&scene.shards, &account()).await.is_err());
    assert_eq!(scene.shards.move_of(&account()).await.unwrap(), None);

    // Something of it is there that no move has brought.
    let stray = format!("wh:{{{TO}}}:account:{}:keys", account());
    let mut set = redis::cmd("HSET");
    set.arg(&stray).arg("key_of_nobody").arg("x");
    let _: i64 = scene.fixture.command(&set).await;
    let mut going = scene.moves().await;
    let refused = going.step().await;
    assert!(matches!(refused, Err(MoveError::Refused(_))), "{refused:?}");
    let _: i64 = scene.fixture.command(redis::cmd("DEL").arg(&stray)).await;
    while going.undo().await.unwrap() != Step::Done {}

    scene.old().erase_account(&account()).await.unwrap();
    let refused = AccountMove::begin(&scene.shards, &account(), TO).await;
    assert!(
        matches!(refused, Err(MoveError::Store(StoreError::BeingErased(_)))),
        "{refused:?}"
    );
}

/// An account's place is entered where it lies when a store grows; so none is on its way then.
#[tokio::test]
async fn none_moves_while_the_store_grows() {
    let mut scene = Scene::new().await;
    scene.fill(8).await;
    let args = RedisArgs {
        shards: None,
        ..scene.fixture.redis.args()
    };
    let mut going = scene.moves().await;
    let refused = Growth::begin(&args, 4).await;
    let Err(GrowError::Refused(reason)) = refused else {
        panic!("not refused: {refused:?}");
    };
    assert!(reason.starts_with("org:org_1 is moving"), "{reason}");
    while going.undo().await.unwrap() != Step::Done {}

    let growth = Growth::begin(&args, 4).await.unwrap();
    let refused = AccountMove::begin(&scene.shards, &account(), TO).await;
    let Err(MoveError::Refused(reason)) = refused else {
        panic!("not refused: {refused:?}");
    };
    assert!(reason.contains("shards grow"), "{reason}");
    assert_eq!(scene.shards.move_of(&account()).await.unwrap(), None);

    growth.finish(|_| {}).await.unwrap();
    scene.shards = Shards::find(&args).await.unwrap();
    let to = u16::from(scene.shards.number_of(&account()) == 0);
    AccountMove::begin(&scene.shards, &account(), to).await.unwrap();
}

/// Keys of the account's programs are good in the new shard.
#[tokio::test]
async fn programs_keep_their_keys() {
    let mut scene = Scene::new().await;
    scene.fill(4).await;
    let token = ApiKeyToken::generate(&account());
    let new = NewApiKey {
        token: &token,
        name: "Zapier",
        scopes: &Scopes::default(),
        expires_at: None,
        by: "somebody",
    };
    scene.old().create_api_key(&new, 9).await.unwrap().unwrap();
    let mut going = scene.moves().await;
    scene.finish(&mut going).await;
    let used = scene.new_one().use_api_key(&token, 0).await.unwrap();
    assert!(matches!(used, Some(KeyUse::Good(..))), "{used:?}");
}

/// A key that the copy lacks stops the move before it counts; the next step copies everything anew.
#[tokio::test]
async fn a_copy_that_differs_does_not_count() {
    let mut scene = Scene::new().await;
    let endpoint = scene.fill(8).await;
    let mut going = scene.moves().await;
    scene.until(&mut going, Phase::Closed).await;
    let log = format!("wh:{{1}}:log:{endpoint}");
    let mut differed = false;
    for _ in 0..200 {
        if !differed {
            let _: i64 = scene.fixture.command(redis::cmd("DEL").arg(&log)).await;
        }
        match going.step().await {
            Err(MoveError::Differs(key)) => {
                assert!(key.contains(endpoint.as_str()), "{key}");
                assert_eq!(going.phase().await.unwrap(), Some(Phase::Closed));
                differed = true;
            }
            other => assert!(other.is_ok(), "{other:?}"),
        }
        if differed && going.phase().await.unwrap() == Some(Phase::Switched) {
            return scene.finish(&mut going).await;
        }
    }
    panic!("a copy without the log counted, or never did");
}
