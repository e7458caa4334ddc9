//! Endpoints go from one store to another with `webhooksctl export` and `import`, and nothing changes for their receivers.
//!
//! Proves (guarantees): endpoints that are exported and imported sign with the secrets that receivers know

use std::path::PathBuf;

use domain::signing::SigningSecret;
use e2e::client::NewEndpoint;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::state::connect;
use e2e::system::{System, secrets_key};
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::{Value, json};

/// Where they are, and where they go: another store of several shards, with another key.
struct Scene {
    old: System,
    new: System,
    receiver: Receiver,
    dir: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let old = System::builder()
            .on_guarded(RedisServer::start_guarded())
            .start()
            .await;
        let new = System::builder()
            .on_guarded(RedisServer::start_guarded())
            .env("SHARDS", "3")
            .env("SECRETS_KEY", secrets_key(9))
            .start()
            .await;
        Self {
            old,
            new,
            receiver: Receiver::start().await,
            dir: TempDir::new("moving-in"),
        }
    }

    fn run(system: &System, user: &str, key: Option<u8>, arguments: &[&str]) -> (bool, String, String) {
        let mut environment = vec![
            ("REDIS_URL".to_owned(), system.redis.url_as(user)),
            ("USER".to_owned(), "ann".to_owned()),
            ("ALLOW_HTTP".to_owned(), "true".to_owned()),
            ("ALLOW_NETWORKS".to_owned(), "127.0.0.0/8".to_owned()),
        ];
        environment.extend(key.map(|key| ("SECRETS_KEY".to_owned(), secrets_key(key))));
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    /// What the old store exports.
    #[track_caller]
    fn export(&self, key: Option<u8>, arguments: &[&str]) -> String {
        let (good, lines, said) = Self::run(&self.old, "operator", key, &[&["export"], arguments].concat());
        assert!(good, "{said}");
        lines
    }

    fn file(&self, text: &str) -> String {
        let path: PathBuf = self.dir.path().join("endpoints.jsonl");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What importing these lines into the new store came to.
    fn import(&self, lines: &str, arguments: &[&str]) -> (bool, Value) {
        let file = self.file(lines);
        let arguments = [&["import", &file, "--json"], arguments].concat();
        let (good, printed, said) = Self::run(&self.new, "operator-write", Some(9), &arguments);
        let json = serde_json::from_str(&printed);
        (
            good,
            json.unwrap_or_else(|error| panic!("{error}: {printed}{said}")),
        )
    }

    /// A line of an endpoint that wants everything.
    fn line(&self, account: &str, path: &str) -> Value {
        json!({"accountId": account, "url": self.receiver.url(path), "events": ["*"],
            "secret": SigningSecret::generate().expose()})
    }

    /// What was imported stands in the audit, as it began and with what came of it.
    fn check_audit(&self) {
        let (_, noted, _) = Scene::run(&self.new, "operator", None, &["audit", "--json"]);
        let noted: Value = serde_json::from_str(&noted).unwrap();
        let imports = noted["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|note| note["action"] == "import");
        assert!(
            imports.clone().count() >= 2 && imports.clone().any(|note| note["result"] != "begins"),
            "{noted}"
        );
    }

    /// Nobody was refused anything, and what is stored agrees with itself.
    fn finish(self) {
        let Self {
            mut old,
            mut new,
            receiver,
            ..
        } = self;
        for system in [&old, &new] {
            let refused: Vec<redis::Value> = redis::cmd("ACL")
                .arg("LOG")
                .query(&mut connect(&system.redis))
                .unwrap();
            assert!(refused.is_empty(), "Redis refused {refused:?}");
            let (good, printed, said) = Self::run(system, "operator", None, &["check"]);
            assert!(good, "{printed}{said}");
        }
        drop(receiver);
        new.stop();
        old.stop();
    }
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn create(system: &System, organisation: &str, body: &Value) -> NewEndpoint {
    let answer = system
        .customer_of(organisation)
        .post("/api/webhooks-config", body)
        .await
        .expect(201);
    let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
    NewEndpoint {
        id: text("id"),
        secret: text("secret"),
        body: answer.body.clone(),
    }
}

/// What an endpoint's owner sees of it, but for what it has been through.
async fn seen(system: &System, organisation: &str, id: &str) -> Value {
    let path = format!("/api/webhooks-config/{id}");
    let body = system.customer_of(organisation).get(&path).await.expect(200).body;
    let kept = [
        "url",
        "events",
        "chatbotIds",
        "filters",
        "description",
        "headers",
        "rateLimit",
        "autoResume",
        "state",
        "active",
    ];
    kept.iter()
        .map(|name| ((*name).to_owned(), body[*name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_exported_for_whoever_has_their_key_alone() {
    let scene = Scene::start().await;
    let url = scene.receiver.url("/hook");
    let rich = json!({"url": url, "events": ["*"], "headers": {"Authorization": "Bearer abc"}});
    create(&scene.old, "org_a", &rich).await;
    create(&scene.old, "org_b", &json!({"url": url, "events": ["*"]})).await;

    // Without secrets nothing of them is told; with them only to whoever has the key.
    let without = scene.export(None, &[]);
    assert_eq!(lines(&without).len(), 2, "{without}");
    assert!(
        !without.contains("whsec_") && !without.contains("Bearer"),
        "{without}"
    );
    assert_eq!(lines(&scene.export(None, &["--account", "org_b"])).len(), 1);
    for key in [None, Some(9)] {
        let (good, printed, said) = Scene::run(&scene.old, "operator", key, &["export", "--secrets"]);
        assert!(
            !good && printed.is_empty() && said.contains("SECRETS_KEY"),
            "{printed}{said}"
        );
    }
    let (good, refused) = scene.import(&without, &[]);
    let wrong = refused["wrong"].as_array().unwrap();
    let of = |field: &str| wrong.iter().filter(|fault| fault["field"] == field).count();
    assert!(
        !good && [of("secret"), of("headers")] == [2, 1] && refused["made"] == json!([]),
        "{refused}"
    );
    scene.finish();
}

/// All endpoints, while failures have disabled one that its owner had paused: it is taken along as paused.
fn exported_while_disabled(scene: &Scene, paused: &str) -> String {
    let record = format!("wh:{{0}}:endpoint:{paused}");
    let redis = &mut connect(&scene.old.redis);
    let failed = [
        ("state", "disabled"),
        ("disabledReason", "failures"),
        ("pausedBefore", "1"),
    ];
    let _: () = redis.hset_multiple(&record, &failed).unwrap();
    let exported = scene.export(Some(7), &["--secrets"]);
    let _: () = redis.hset(&record, "state", "paused").unwrap();
    let _: () = redis.hdel(&record, &["disabledReason", "pausedBefore"]).unwrap();
    exported
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_notice_nothing_when_their_endpoints_move_to_another_store() {
    let scene = Scene::start().await;
    let url = |path: &str| scene.receiver.url(path);
    let rich = json!({
        "url": url("/rich"), "events": ["lead.captured", "endpoint.disabled"], "chatbotIds": ["one", "two"],
        "filters": [{"pointer": "/score", "in": [1, "two", null]}], "description": "ours\n…", "rateLimit": 50,
        "headers": {"Authorization": "Bearer abc", "X-Tenant": "7"}, "autoResume": true,
    });
    let rich = create(&scene.old, "org_a", &rich).await;
    let plain = create(
        &scene.old,
        "org_b",
        &json!({"url": url("/plain"), "events": ["*"]}),
    )
    .await;
    let paused = create(
        &scene.old,
        "org_b",
        &json!({"url": url("/paused"), "events": ["*"]}),
    )
    .await;
    let pause = json!({"state": "paused"});
    let path = format!("/api/webhooks-config/{}", paused.id);
    let _paused = scene
        .old
        .customer_of("org_b")
        .patch(&path, &pause)
        .await
        .expect(200);
    let off = create(
        &scene.old,
        "org_c",
        &json!({"url": url("/off"), "events": ["*"], "active": false}),
    )
    .await;

    let exported = exported_while_disabled(&scene, &paused.id);
    let (good, would) = scene.import(&exported, &["--dry-run"]);
    assert!(good && would["new"] == 4 && would["made"] == json!([]), "{would}");
    let (good, made) = scene.import(&exported, &[]);
    assert!(
        good && made["made"].as_array().unwrap().len() == 4 && made["newSecrets"] == 0,
        "{made}"
    );
    let (good, again) = scene.import(&exported, &[]);
    assert!(
        good && again["made"] == json!([]) && again["there"].as_array().unwrap().len() == 4,
        "{again}"
    );

    for (organisation, endpoint) in [
        ("org_a", &rich),
        ("org_b", &plain),
        ("org_b", &paused),
        ("org_c", &off),
    ] {
        let before = seen(&scene.old, organisation, &endpoint.id).await;
        assert_eq!(seen(&scene.new, organisation, &endpoint.id).await, before);
    }
    let backend = scene.new.backend();
    let lead = |chatbot: &str, score: Value| json!({"accountId": "org:org_a", "event": "lead.captured", "chatbotId": chatbot, "data": {"score": score}});
    let events = [
        lead("two", json!("two")),
        lead("three", json!(1)),
        lead("one", json!(2)),
    ];
    let deliveries = backend
        .push_batch(&events)
        .await
        .iter()
        .map(|pushed| pushed.deliveries)
        .sum::<u64>();
    assert_eq!(deliveries, 1);
    let request = &scene.receiver.wait_for_at("/rich", 1).await[0];
    let secret = SigningSecret::parse(&rich.secret).unwrap();
    assert_eq!(
        request.header("X-RKT-Signature").unwrap(),
        secret.legacy_signature(&request.body)
    );
    assert_eq!(
        [request.header("authorization"), request.header("x-tenant")],
        [Some("Bearer abc"), Some("7")]
    );
    backend.push("org:org_b", "ticket.created", json!({})).await;
    let request = &scene.receiver.wait_for_at("/plain", 1).await[0];
    let secret = SigningSecret::parse(&plain.secret).unwrap();
    assert_eq!(
        request.header("X-RKT-Signature").unwrap(),
        secret.legacy_signature(&request.body)
    );
    assert!(scene.receiver.received_at("/paused").is_empty());
    // What was parked meanwhile comes.
    let resume = json!({"state": "active"});
    let _active = scene
        .new
        .customer_of("org_b")
        .patch(&path, &resume)
        .await
        .expect(200);
    scene.receiver.wait_for_at("/paused", 1).await;

    scene.check_audit();
    scene.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_are_wrong_write_nothing_and_who_is_there_is_not_made_twice() {
    let scene = Scene::start().await;
    let mut bad = scene.line("org:org_a", "/two");
    bad["events"] = json!(["lead.captured", "lead.lost"]);
    // The same place with an id and without is one endpoint.
    let mut named = scene.line("org:org_d", "/one");
    named["id"] = json!("ep_8f2k9c1m4x7b3d6h");
    let mixed = text(&[
        scene.line("org:org_a", "/one"),
        bad,
        scene.line("org:org_a", "/one"),
        scene.line("org:org_d", "/one"),
        named,
    ]);

    let (good, refused) = scene.import(&mixed, &[]);
    let wrong: Vec<_> = refused["wrong"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (&fault["line"], &fault["field"]))
        .collect();
    assert_eq!(
        wrong,
        [
            (&json!(2), &json!("events[1]")),
            (&json!(3), &json!("url")),
            (&json!(4), &json!("url"))
        ],
        "{refused}"
    );
    assert!(!good && refused["made"] == json!([]), "{refused}");
    assert_eq!(
        scene
            .new
            .customer_of("org_a")
            .get("/api/webhooks-config")
            .await
            .body["endpoints"],
        json!([])
    );
    let (good, some) = scene.import(&mixed, &["--skip-wrong"]);
    assert!(!good && some["new"] == 2, "{some}");

    // Without an id the URL says who is there; and an id is one account's.
    let made = some["made"].as_array().unwrap();
    let id = made.iter().find(|made| made["line"] == 1).unwrap()["id"].clone();
    let mut other = scene.line("org:org_b", "/one");
    other["id"] = id.clone();
    let (good, again) = scene.import(&text(&[scene.line("org:org_a", "/one"), other]), &[]);
    assert!(
        !good && again["there"] == json!([{"line": 1, "id": id}]),
        "{again}"
    );
    assert_eq!(again["wrong"][0]["field"], "id", "{again}");

    // An account gets no more than it may have; many are asked for again.
    let two = text(&[scene.line("org:org_a", "/two"), scene.line("org:org_a", "/three")]);
    let (good, refused) = scene.import(&two, &["--max-endpoints-per-account", "2"]);
    assert!(!good && refused["wrong"][0]["line"] == 2, "{refused}");
    let many: Vec<_> = (0..101)
        .map(|number| scene.line(&format!("org:{number}"), "/many"))
        .collect();
    let file = scene.file(&text(&many));
    let (good, _, said) = Scene::run(&scene.new, "operator-write", Some(9), &["import", &file]);
    assert!(
        !good && said.contains("make 101 endpoints") && said.contains("--yes"),
        "{said}"
    );
    // The key must be the store's.
    let (good, _, said) = Scene::run(&scene.new, "operator-write", Some(7), &["import", &file, "--yes"]);
    assert!(!good && said.contains("SECRETS_KEY"), "{said}");
    let (good, made) = scene.import(&text(&many), &["--yes"]);
    assert!(good && made["made"].as_array().unwrap().len() == 101, "{made}");

    // Secrets that are missing are made, if that is said.
    let mut lacking = scene.line("org:org_z", "/lacking");
    lacking["secret"] = Value::Null;
    let (good, refused) = scene.import(&text(std::slice::from_ref(&lacking)), &[]);
    assert!(!good && refused["wrong"][0]["field"] == "secret", "{refused}");
    let (good, made) = scene.import(&text(&[lacking]), &["--without-secrets"]);
    assert!(good && made["newSecrets"] == 1, "{made}");
    scene.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_gets_the_id_of_one_of_which_something_is_left() {
    let scene = Scene::start().await;
    scene.receiver.always("/slow", Answer::status(200).held());
    scene.receiver.close_gate();
    let mut slow = scene.line("org:org_y", "/slow");
    let (_, made) = scene.import(&text(std::slice::from_ref(&slow)), &[]);
    slow["id"] = made["made"][0]["id"].clone();
    scene
        .new
        .backend()
        .push("org:org_y", "ticket.created", json!({}))
        .await;
    scene.receiver.wait_for_at("/slow", 1).await;
    let id = slow["id"].as_str().unwrap();
    scene.new.customer_of("org_y").remove_endpoint(id).await;
    let (good, refused) = scene.import(&text(std::slice::from_ref(&slow)), &[]);
    assert!(!good && refused["wrong"][0]["field"] == "id", "{refused}");
    scene.receiver.open_gate();
    eventually(LONG, "nothing to be left of it", async || {
        let (good, made) = scene.import(&text(std::slice::from_ref(&slow)), &[]);
        check(good, made.to_string())
    })
    .await;
    scene.finish();
}
