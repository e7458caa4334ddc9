//! Events that were delivered and are to be packed, and what is found of them afterwards, whatever happened meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::history::{unpack_events, unpack_log};
use domain::id::DeliveryId;
use e2e::client::{Caller, NewEndpoint, Pushed};
use e2e::listing::deliveries;
use e2e::receiver::Receiver;
use e2e::redis_clock;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key, keys};
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::{Value, json};

use crate::scene::store;

/// What isn't enough for a block stays beside them, and so do the newest entries of a log: no more than this.
const LEFT: usize = 400;

/// A system with one endpoint, and the events that it got.
pub(crate) struct HistoryScene {
    pub(crate) system: System,
    pub(crate) receiver: Receiver,
    pub(crate) endpoint: NewEndpoint,
    pub(crate) pushed: Vec<Pushed>,
}

impl HistoryScene {
    pub(crate) async fn start(builder: Builder) -> Self {
        let (system, receiver, endpoint) = builder.start_with_hook().await;
        Self {
            system,
            receiver,
            endpoint,
            pushed: Vec::new(),
        }
    }

    pub(crate) fn customer(&self) -> Caller {
        self.system.customer()
    }

    /// Pushes events with about two kilobytes of varied text, and waits until all are delivered and recorded.
    pub(crate) async fn deliver(&mut self, count: usize) {
        let account = self.system.account();
        let first = self.pushed.len();
        let events: Vec<_> = (first..first + count)
            .map(|number| {
                let words = (0..250)
                    .map(|at| format!("{:x} ", (number + 7) * (at + 13) * 2_654_435_761 % 0xfff_ffff));
                let data = json!({"number": number, "text": words.collect::<String>()});
                json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": data})
            })
            .collect();
        for some in events.chunks(100) {
            self.pushed.extend(self.system.backend().push_batch(some).await);
        }
        self.receiver.wait_for_at("/hook", self.pushed.len()).await;
        e2e::state::assert_nothing_left(&self.system.redis).await;
    }

    /// Some minutes pass, so that what is finished is late to be packed, and workers look at the endpoint's log soon.
    pub(crate) fn minutes_pass(&self) {
        redis_clock::jump(&self.system.redis, redis_clock::UNTIL_LATE_TO_PACK);
        self.look_at_log();
    }

    /// Whoever logs marks the log for workers now and then; this does it at once.
    pub(crate) fn look_at_log(&self) {
        let connection = &mut connect(&self.system.redis);
        let log = format!("log:{}", self.endpoint.id);
        let _: i64 = connection.zadd(key("packing"), log, 0).unwrap();
    }

    /// How many finished events, and entries of the log, are beside the blocks.
    pub(crate) fn unpacked(&self) -> (usize, usize) {
        unpacked(&self.system, &self.endpoint.id)
    }

    /// Waits until all that is worth a block is in one.
    pub(crate) async fn wait_until_packed(&self) {
        eventually(LONG, "everything to be packed", async || {
            let (events, entries) = self.unpacked();
            if entries > LEFT {
                self.look_at_log();
            }
            check(
                events <= LEFT && entries <= LEFT + 1000,
                format!("{events} events and {entries} entries"),
            )
        })
        .await;
    }

    /// Every payload and every attempt is found exactly once: in what is stored, and through the API.
    pub(crate) async fn assert_all_found(&self, each: usize) {
        let stored = Stored::read(&self.system.redis);
        assert!(!stored.blocks.is_empty());
        let expected: BTreeSet<String> = self.pushed.iter().map(|event| event.id.clone()).collect();
        for (what, found) in [("payload", &stored.payloads), ("attempt", &stored.attempts)] {
            let wrong: Vec<_> = expected
                .iter()
                .filter(|event| found.get(*event) != Some(&1))
                .map(|event| (event, found.get(event)))
                .collect();
            assert!(wrong.is_empty(), "{} {what}s: {:?} …", wrong.len(), wrong.first());
            assert_eq!(found.len(), expected.len(), "{what}");
        }
        assert_eq!(store(&self.system.redis).check().await.unwrap().violations, []);

        let listed = self.listed("").await;
        let ids: BTreeSet<_> = listed.iter().map(|id| event_of(id)).collect();
        assert_eq!((listed.len(), ids), (expected.len(), expected));
        let received: HashMap<_, _> = self
            .receiver
            .received_at("/hook")
            .into_iter()
            .map(|request| (request.expect_header("x-rkt-delivery").to_owned(), request))
            .collect();
        for id in listed.iter().step_by(each) {
            let path = format!("/api/webhooks-config/{}/deliveries/{id}", self.endpoint.id);
            let shown = self.customer().get(&path).await.expect(200);
            let attempts = shown.body["attemptLog"].as_array().unwrap();
            assert_eq!(attempts.len(), 1, "{}", shown.text);
            let body = String::from_utf8(received[id].body.to_vec()).unwrap();
            assert!(shown.text.contains(&body), "{id}: {}", shown.text);
        }
    }

    /// The deliveries of a listing, in pages of 100.
    pub(crate) async fn listed(&self, query: &str) -> Vec<String> {
        let query = format!("limit=100{query}");
        let found = deliveries(&self.customer(), &self.endpoint.id, &query).await;
        let id = |delivery: &Value| {
            assert_eq!(delivery["status"], "succeeded", "{delivery}");
            delivery["id"].as_str().unwrap().to_owned()
        };
        found.iter().map(id).collect()
    }
}

fn event_of(delivery: &str) -> String {
    delivery.parse::<DeliveryId>().unwrap().event().to_string()
}

pub(crate) fn unpacked(system: &System, endpoint: &str) -> (usize, usize) {
    let connection = &mut connect(&system.redis);
    let list = format!("account:{}:delivered", system.account());
    let events = connection.llen(key(&list)).unwrap();
    let entries = redis::cmd("XLEN")
        .arg(key(&format!("log:{endpoint}")))
        .query(connection)
        .unwrap();
    (events, entries)
}

/// What is stored of history: how often each event's payload and attempt is there.
struct Stored {
    blocks: Vec<String>,
    payloads: BTreeMap<String, usize>,
    attempts: BTreeMap<String, usize>,
}

impl Stored {
    fn read(redis: &RedisServer) -> Self {
        let connection = &mut connect(redis);
        let mut stored = Self {
            blocks: keys(connection, "block:*"),
            payloads: BTreeMap::new(),
            attempts: BTreeMap::new(),
        };
        for name in keys(connection, "event:*") {
            let event = name.rsplit(':').next().unwrap().to_owned();
            *stored.payloads.entry(event).or_default() += 1;
        }
        for block in stored.blocks.clone() {
            let bytes: Vec<u8> = connection.get(block).unwrap();
            if let Ok(content) = unpack_events(&bytes) {
                for event in content.events {
                    *stored.payloads.entry(event.id.to_string()).or_default() += 1;
                }
            } else {
                for entry in unpack_log(&bytes).unwrap().entries {
                    stored.note(entry.fields);
                }
            }
        }
        for log in keys(connection, "log:*") {
            let mut range = redis::cmd("XRANGE");
            let entries: Vec<(String, Vec<(String, String)>)> =
                range.arg(log).arg("-").arg("+").query(connection).unwrap();
            for (_, fields) in entries {
                stored.note(fields);
            }
        }
        stored
    }

    fn note(&mut self, fields: Vec<(String, String)>) {
        let mut fields: HashMap<_, _> = fields.into_iter().collect();
        store::log::unpack(&mut fields);
        if let Some(delivery) = fields.remove("delivery") {
            *self.attempts.entry(event_of(&delivery)).or_default() += 1;
        }
    }
}
