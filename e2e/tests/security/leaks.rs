//! No secret is written anywhere. The tour uses everything with the most talkative logs; then the test searches all that was
//! written for every signing secret, token, key and password, and for the contents of payloads.
//!
//! Proves (security): A secret is shown in two answers only
//! Proves (security): No secret, token or key in logs at `trace`, metrics, refusals or the files of Redis

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::client::{Caller, Reply};
use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::state::connect;
use e2e::system::{MANAGE_KEY, SERVICE_KEY, System, secrets_key};
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;

use crate::tour::{HEADER, MARKER, Tour, builder};

/// A token that is not valid, and that nothing may repeat all the same.
const FORGED: &str = "eyJhbGciOiJSUzI1NiJ9.Zm9yZ2VkLXRva2Vu.Zm9yZ2VkLXNpZ25hdHVyZQ";

/// What must not be found, each with a name that a failure may print.
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn of(tour: &Tour<'_>, system: &System) -> Self {
        let mut found = Self(Vec::new());
        for (index, secret) in tour.secrets.iter().enumerate() {
            let encoded = secret.strip_prefix("whsec_").unwrap();
            found.add(&format!("signing secret {index}"), encoded);
            found.add_bytes(
                &format!("signing secret {index}, decoded"),
                STANDARD.decode(encoded).unwrap(),
            );
        }
        // All tokens begin alike, so this finds those of other callers too.
        let mut parts = tour.token.split('.');
        found.add("session token, head", &format!("{}.", parts.next().unwrap()));
        found.add("session token, claims", parts.next().unwrap());
        found.add("session token, signature", parts.next().unwrap());
        found.add("value of a header", HEADER);
        found.add("forged token", FORGED);
        let random = SERVICE_KEY.rsplit('_').next().unwrap();
        found.add("service key", random);
        found.add("manage key", MANAGE_KEY.rsplit('_').next().unwrap());
        found.add("key of the account", &tour.api_key[tour.api_key.len() - 32..]);
        let portal = tour.portal_token.rsplit('_').nth(1).unwrap();
        found.add("portal session", &portal[portal.len() - 32..]);
        found.add("SECRETS_KEY", &secrets_key(7));
        found.add_bytes("SECRETS_KEY, decoded", vec![7; 32]);
        for user in ["api", "worker", "operator"] {
            found.add(&format!("password of {user}"), &system.redis.password(user));
        }
        found
    }

    fn with_payloads(mut self) -> Self {
        self.add("payload", MARKER);
        self
    }

    fn add(&mut self, name: &str, text: &str) {
        self.add_bytes(name, text.as_bytes().to_vec());
        self.0
            .push((format!("{name}, in hex"), hex::encode(text).into_bytes()));
        // Logs of bytes escape some characters of base64 in no way that is used here, but JSON may.
        self.0
            .push((format!("{name}, in JSON"), text.replace('/', "\\/").into_bytes()));
    }

    fn add_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        assert!(bytes.len() >= 8, "{name} could be found by chance");
        self.0.push((name.to_owned(), bytes));
    }

    #[track_caller]
    fn assert_not_in(&self, place: &str, text: &[u8]) {
        for (name, secret) in &self.0 {
            if let Some(position) = find(text, secret) {
                // The failure prints the line without what was found in it.
                let start = text[..position]
                    .iter()
                    .rposition(|byte| *byte == b'\n')
                    .map_or(0, |at| at + 1);
                let before = String::from_utf8_lossy(&text[start..position]);
                panic!("{name} is in {place}, behind: {before}");
            }
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted[0];
    let mut from = 0;
    while let Some(next) = text[from..].iter().position(|byte| *byte == first) {
        let at = from + next;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// All files below a directory, each with its content.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// Calls that are refused, with secrets and payloads where a careless answer would repeat them.
async fn refusals(system: &System, token: &str) -> Vec<(String, Reply)> {
    let item = json!({"accountId": system.account(), "event": "no.such", "chatbotId": "b", "data": {"text": MARKER}});
    let good = json!({"accountId": system.account(), "event": "message.sent", "chatbotId": "b", "data": {"text": MARKER}});
    let (endpoints, events) = ("/api/webhooks-config", "/api/events");
    let mut replies = Vec::new();
    let callers = [
        ("session", system.caller(token)),
        ("backend", system.backend()),
        ("forged", system.caller(FORGED)),
        ("wrong key", system.caller(&format!("{SERVICE_KEY}x"))),
        ("nobody", Caller::new(&system.api_url(), None)),
    ];
    for (who, caller) in callers {
        let mut asked = vec![
            caller.request(Method::GET, endpoints),
            caller.request(Method::GET, &format!("{endpoints}/ep_0000000000000000")),
            caller.request(Method::POST, events).json(&item),
            caller
                .request(Method::POST, &format!("{events}/batch"))
                .json(&json!({"events": [item, {}]})),
            caller
                .request(Method::POST, endpoints)
                .json(&json!({"url": "ftp://x", "events": ["*"]})),
            caller.request(Method::GET, "/no/such/path"),
            caller.request(Method::PUT, endpoints),
        ];
        for body in [
            good.to_string().replace("}}", ""),
            good.to_string().replace("\"chatbotId\"", "\"unknown\""),
            good.to_string().replace("\"b\"", "7"),
            good.to_string()
                .replace("{\"text\"", "[{\"text\"")
                .replace("\"}", "\"}]"),
            format!("{} {MARKER}", good),
        ] {
            let request = caller
                .request(Method::POST, events)
                .header("content-type", "application/json");
            asked.push(request.body(body));
        }
        for (index, request) in asked.into_iter().enumerate() {
            let reply = Caller::send(request).await;
            if !(200..300).contains(&reply.status) {
                replies.push((format!("the answer to {who}, call {index}"), reply));
            }
        }
    }
    replies
}

/// Libraries that say much of what they see, if they are named.
const LIBRARIES: [&str; 12] = [
    "apalis=trace",
    "apalis_core=trace",
    "h2=trace",
    "hyper=trace",
    "hyper_util=trace",
    "mio=trace",
    "poem=trace",
    "redis=trace",
    "reqwest=trace",
    "rustls=trace",
    "tokio=trace",
    "tower=trace",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_written_anywhere() {
    let server = RedisServer::start_guarded();
    let (api, worker) = (server.url_as("api"), server.url_as("worker"));
    let mut system = builder()
        .on(server)
        .env("RUST_LOG", format!("trace,{}", LIBRARIES.join(",")))
        .api_env("REDIS_URL", api)
        .worker_env("REDIS_URL", worker.clone())
        .worker_env("LOG_FORMAT", "json")
        .start()
        .await;
    let tour = Tour::of(&system).await;
    let secrets = Secrets::of(&tour, &system);
    let token = tour.token.clone();
    drop(tour);

    // What Redis keeps: payloads by design, everything else sealed or hashed.
    {
        let mut admin = connect(&system.redis);
        for command in ["CONFIG SET rdbcompression no", "SAVE"] {
            let mut words = command.split(' ');
            let mut asked = redis::cmd(words.next().unwrap());
            asked.arg(words.collect::<Vec<_>>()).exec(&mut admin).unwrap();
        }
    }
    let kept = files(system.redis.dir());
    assert!(kept.iter().any(|(name, _)| name.ends_with("dump.rdb")));
    let has = |ending: &str, text: &str| {
        kept.iter()
            .any(|(name, content)| name.contains(ending) && find(content, text.as_bytes()).is_some())
    };
    assert!(has(".aof", MARKER) && has("dump.rdb", MARKER), "the search works");
    assert!(
        has(".aof", "v2.") && has("dump.rdb", "v2."),
        "secrets are there, sealed"
    );
    for (name, content) in &kept {
        secrets.assert_not_in(name, content);
    }

    // What is answered when something is wrong, and what is measured.
    let secrets = secrets.with_payloads();
    let refused = refusals(&system, &token).await;
    assert!(refused.len() > 40, "{}", refused.len());
    for (what, reply) in &refused {
        let text = format!("{} {:?}", reply.text, reply.headers);
        secrets.assert_not_in(&format!("{what} ({})", reply.status), text.as_bytes());
    }
    let nobody = Caller::new(&system.api_url(), None);
    let mut pages = vec![("/metrics".to_owned(), system.api_metrics().await)];
    for path in ["/readyz", "/healthz", "/docs", "/dashboard", "/dashboard/embed"] {
        pages.push((path.to_owned(), nobody.get(path).await.text));
    }
    for worker in &system.workers {
        let listen = worker.variable("WORKER_LISTEN").unwrap();
        let worker = Caller::new(&format!("http://{listen}"), None);
        for path in ["/metrics", "/readyz", "/healthz"] {
            pages.push((format!("worker {path}"), worker.get(path).await.text));
        }
    }
    for (path, text) in &pages {
        assert!(!text.is_empty(), "{path}");
        secrets.assert_not_in(path, text.as_bytes());
    }

    // What the operator's tool says, when all is well and when nothing is.
    for keys in [secrets_key(7), secrets_key(9), "hunter2-hunter2".to_owned()] {
        let environment = [
            ("REDIS_URL".to_owned(), worker.clone()),
            ("SECRETS_KEY".to_owned(), keys.clone()),
        ];
        let output = Process::run("webhooksctl", &["secrets", "rewrap", "--dry-run"], &environment);
        let printed = [output.stdout, output.stderr].concat();
        secrets.assert_not_in("the output of webhooksctl", &printed);
        assert!(find(&printed, keys.as_bytes()).is_none());
    }

    // Without Redis every program complains.
    system.redis.kill9();
    let reply = eventually(LONG, "503", async || {
        let request = system.backend().request(Method::POST, "/api/events").json(&json!({
            "accountId": system.account(), "event": "message.sent", "chatbotId": "b", "data": {"text": MARKER},
        }));
        let reply = Caller::send(request).await;
        check(reply.status == 503, reply.text.clone()).map(|()| reply)
    })
    .await;
    secrets.assert_not_in("the answer without Redis", reply.text.as_bytes());
    let ready = eventually(LONG, "not ready", async || {
        let reply = nobody.get("/readyz").await;
        check(reply.status == 503, reply.text.clone()).map(|()| reply)
    })
    .await;
    secrets.assert_not_in("/readyz without Redis", ready.text.as_bytes());
    system.redis.restart();
    system.wait_ready().await;

    system.stop();
    for (name, process) in [("API", &system.api)]
        .into_iter()
        .chain(system.workers.iter().map(|worker| ("worker", worker)))
    {
        let log = process.log();
        assert!(
            log.contains("DEBUG") && log.len() > 10_000,
            "{name}: {} bytes",
            log.len()
        );
        secrets.assert_not_in(&format!("the log of the {name}"), log.as_bytes());
    }
}
