//! Cuts connections in the same way at the calls that read the log and at those that send again: what they read is whole, and
//! what they make they make once.

use domain::clock::Timestamp;
use e2e::client::Caller;
use e2e::fault_proxy::{Cut, FaultProxy, SCRIPT};
use e2e::state::assert_nothing_left;
use e2e::wait::{LONG, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::with_api_behind_proxy;
use crate::scene::{Scene, store};

/// An endpoint with a delivery that succeeded, and all scripts that the calls need loaded, so that what is lost is the answer
/// and not the news that a script is missing.
struct Prepared {
    scene: Scene,
    proxy: FaultProxy,
    customer: Caller,
    source: String,
    /// A replay that was canceled.
    replay: String,
    many: Value,
    dry: Value,
}

impl Prepared {
    async fn new() -> Self {
        let (scene, proxy) = with_api_behind_proxy().await;
        let customer = scene.system.customer();
        let account = scene.system.account();
        scene
            .system
            .backend()
            .push(account, "lead.captured", json!({}))
            .await;
        let finished = format!(
            "/api/webhooks-config/{}/deliveries?status=succeeded",
            scene.endpoints[0].id
        );
        let source = eventually(LONG, "a delivery to be listed", async || {
            let listed = customer.get(&finished).await.expect(200);
            let id = listed.body["deliveries"][0]["id"].as_str().map(str::to_owned);
            id.ok_or(listed.text)
        })
        .await;
        let an_hour_ago = i64::try_from(Timestamp::now().as_millis()).unwrap() - 3_600_000;
        let since = Timestamp::from_millis(an_hour_ago).unwrap().to_string();
        let mut prepared = Self {
            scene,
            proxy,
            customer,
            source,
            replay: String::new(),
            many: json!({"since": since, "status": "succeeded"}),
            dry: json!({"since": since, "status": "succeeded", "dryRun": true}),
        };
        let (one, detail, many) = (prepared.one(), prepared.detail(), prepared.path("replay"));
        let customer = &prepared.customer;
        let done = [
            customer.post(&one, &Value::Null).await.status,
            customer.get(&detail).await.status,
            customer.post(&many, &prepared.dry).await.status,
        ];
        assert_eq!(done, [202, 200, 200]);
        let begun = customer.post(&many, &prepared.many).await.expect(202).body;
        prepared.replay = prepared.path(&format!("replays/{}", begun["id"].as_str().unwrap()));
        let canceled = prepared.customer.delete(&prepared.replay).await.status;
        assert_eq!(canceled, 200);
        assert_nothing_left(&prepared.scene.system.redis).await;
        prepared
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/webhooks-config/{}/{rest}", self.scene.endpoints[0].id)
    }

    fn one(&self) -> String {
        self.path(&format!("deliveries/{}/replay", self.source))
    }

    fn detail(&self) -> String {
        self.path(&format!("deliveries/{}", self.source))
    }

    /// Loses the `nth` answer of the scripts that `call` needs, once.
    async fn losing<T>(&self, nth: usize, call: impl Future<Output = T>) -> T {
        let before = self.proxy.counters().answers_cut;
        self.proxy.cut(Cut::answer_of(SCRIPT).nth(nth));
        let answered = call.await;
        assert_eq!(self.proxy.counters().answers_cut, before + 1);
        answered
    }

    /// How many deliveries were made as replays.
    fn made(&self) -> u64 {
        self.scene.redis(&["HGET", "wh:{0}:stats", "replayed"])
    }

    /// Everything that was made arrives once, and what is stored agrees with itself.
    async fn ends_well(mut self) {
        let replays = usize::try_from(self.made()).unwrap();
        // Both endpoints got the event itself.
        self.scene.receiver.wait_for(2 + replays).await;
        assert_nothing_left(&self.scene.system.redis).await;
        let report = store(&self.scene.system.redis).check().await.unwrap();
        assert!(report.violations.is_empty(), "{:#?}", report.violations);
        assert_eq!(self.scene.receiver.count(), 2 + replays);
        self.scene.system.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_call_that_reads_the_log() {
    let prepared = Prepared::new().await;
    let customer = &prepared.customer;
    let reads = [
        prepared.path("deliveries"),
        prepared.path("deliveries?status=succeeded"),
        prepared.path("deliveries?status=pending"),
        prepared.detail(),
        prepared.replay.clone(),
    ];
    for read in &reads {
        let whole = customer.get(read).await.expect(200).body;
        let again = prepared.losing(1, customer.get(read)).await.expect(200).body;
        assert_eq!(again, whole, "{read}");
    }
    let many = prepared.path("replay");
    let counted = prepared.losing(1, customer.post(&many, &prepared.dry)).await;
    assert_eq!(counted.expect(200).body["matching"], 1);
    prepared.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_call_that_sends_again() {
    let prepared = Prepared::new().await;
    let (customer, one, many) = (&prepared.customer, prepared.one(), prepared.path("replay"));
    // A replay of one finds the delivery and then repeats it: lose either answer.
    for nth in [1, 2] {
        let before = prepared.made();
        let new = prepared
            .losing(nth, customer.post(&one, &Value::Null))
            .await
            .expect(202)
            .body;
        assert_eq!(
            (&new["replayOf"], prepared.made()),
            (&json!(prepared.source), before + 1)
        );
    }
    // With a key the caller may repeat it as well: it is made once, whichever answer is lost.
    let before = prepared.made();
    let mut named = Vec::new();
    for nth in [3, 2, 1] {
        let request = customer
            .request(Method::POST, &one)
            .header("idempotency-key", "lost");
        let reply = prepared.losing(nth, Caller::send(request)).await.expect(202);
        named.push(reply.body["id"].clone());
    }
    assert_eq!(
        (&named[0], &named[1], prepared.made()),
        (&named[1], &named[2], before + 1)
    );

    // The replay of many is begun once, and the repeat doesn't find that another one runs.
    let begun = prepared
        .losing(1, customer.post(&many, &prepared.many))
        .await
        .expect(202)
        .body;
    let replay = prepared.path(&format!("replays/{}", begun["id"].as_str().unwrap()));
    let canceled = prepared
        .losing(1, customer.delete(&replay))
        .await
        .expect(200)
        .body;
    let state = canceled["state"].as_str().unwrap();
    // A worker may have been quicker.
    assert!(matches!(state, "canceled" | "finished"), "{canceled}");
    let after = customer.get(&replay).await.expect(200).body;
    assert_eq!(
        (&after["state"], &after["finishedAt"]),
        (&canceled["state"], &canceled["finishedAt"])
    );
    prepared.ends_well().await;
}
