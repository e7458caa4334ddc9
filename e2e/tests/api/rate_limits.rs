//! Rate limits: all processes of the API share them, headers announce them, and a refused call changes nothing.
//!
//! Proves (security): A call with a session's token counts once its body has come
//! Proves (security): Who asks again before the `Retry-After`
//! Proves (security): Rate limits by account and service key, budgets of bytes, numbers of endpoints, lengths of keys

use e2e::client::{Caller, Reply};
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::state::{connect, key, keys};
use e2e::system::{SERVICE_KEY, System, service_key_entry};
use e2e::wait::{LONG, eventually};
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixture::{BATCH, ENDPOINTS, EVENTS, assert_refused, everything};

const SECOND_KEY: &str = "whk_second_key0123456789abcdef";

async fn with_limits(limits: &[(&str, &str)]) -> System {
    let keys = [SERVICE_KEY, SECOND_KEY].map(service_key_entry).join(",");
    let mut builder = System::builder().workers(0).env("SERVICE_KEYS", keys);
    for (name, value) in limits {
        builder = builder.env(name, *value);
    }
    builder.start().await
}

/// One more process of the API on the same Redis, and its address.
async fn another_api(system: &System) -> (Process, String) {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut environment = system.environment.clone();
    environment.push(("API_LISTEN".to_owned(), listen.clone()));
    let mut process = Process::start("webhooks-api", &environment);
    let url = format!("http://{listen}");
    process.wait_ready(&format!("{url}/readyz")).await;
    (process, url)
}

fn event(account: &str) -> Value {
    json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": {}})
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let value = reply.headers.get(name).map(|value| value.to_str().unwrap());
    value.unwrap_or_default()
}

/// Asserts that the answer's header says how much is left of a minute that is not over yet.
#[track_caller]
fn assert_left(reply: &Reply, name: &str, left: u32) {
    let announced = header(reply, "ratelimit");
    let start = format!("\"{name}\";r={left};t=");
    let rest = announced.split(", ").find_map(|item| item.strip_prefix(&start));
    let seconds: u32 = rest
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_else(|| panic!("{left} left of `{name}`, but the header says {announced:?}"));
    assert!((1..=60).contains(&seconds), "{announced}");
}

/// Asserts a 429 that says when to come again.
#[track_caller]
fn assert_limited(method: &Method, path: &str, reply: &Reply) {
    assert_refused(method, path, reply, 429, "rate_limited", "");
    let seconds: u32 = header(reply, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let announced = header(reply, "ratelimit");
    assert!(announced.contains(&format!(";r=0;t={seconds}")), "{announced}");
}

/// Makes the minute of a counter end soon. Processes that have refused somebody by it remember when.
fn shorten_minute(system: &System, counter: &str) {
    let has_counter: bool = connect(&system.redis).expire(key(counter), 10).unwrap();
    assert!(has_counter, "{counter}");
}

/// The first answer that isn't a refusal by a limit.
async fn after_the_minute(send: impl AsyncFn() -> Reply) -> Reply {
    eventually(LONG, "the end of the minute", async || {
        let reply = send().await;
        if reply.status == 429 {
            Err(reply.text)
        } else {
            Ok(reply)
        }
    })
    .await
}

fn statuses(reply: &Reply) -> Vec<u64> {
    let results = reply.body["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn the_calls_of_an_account_are_limited_across_processes() {
    let mut system = with_limits(&[("RATE_LIMIT_DASHBOARD", "5")]).await;
    let (second, url) = another_api(&system).await;
    let (customer, other) = (system.customer(), system.customer_of("org_2other"));
    let token = e2e::clerk::Claims::v2("user_2else", Some("org_2test")).sign(&system.key);
    // Another user of the same account, at another process.
    let colleague = Caller::new(&url, Some(&token));
    let id = customer
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    let reply = colleague.get(ENDPOINTS).await.expect(200);
    assert_eq!(header(&reply, "ratelimit-policy"), "\"dashboard\";q=5;w=60");
    assert_left(&reply, "dashboard", 3);
    // A call that is refused for another reason counts as well; one without a good token doesn't.
    let reply = customer.get(&format!("{ENDPOINTS}/ep_none")).await.expect(404);
    assert_left(&reply, "dashboard", 2);
    for (token, status) in [("garbage", 401), (SERVICE_KEY, 403)] {
        let reply = system.caller(token).get(ENDPOINTS).await.expect(status);
        assert!(!reply.headers.contains_key("ratelimit"));
    }
    let _reply = colleague.post(ENDPOINTS, &json!({})).await.expect(422);
    assert_left(
        &customer.get("/api/event-types").await.expect(200),
        "dashboard",
        0,
    );

    shorten_minute(&system, "account:org:org_2test:calls");
    let before = everything(&system);
    let new = json!({"url": "http://127.0.0.1:9000/", "events": ["*"]});
    let one = format!("{ENDPOINTS}/{id}");
    let removal = format!("{ENDPOINTS}?id={id}");
    for (caller, method, path) in [
        (&customer, Method::POST, ENDPOINTS),
        (&colleague, Method::DELETE, removal.as_str()),
        (&colleague, Method::GET, one.as_str()),
    ] {
        let reply = Caller::send(caller.request(method.clone(), path).json(&new)).await;
        assert_limited(&method, path, &reply);
        assert_eq!(header(&reply, "ratelimit-policy"), "\"dashboard\";q=5;w=60");
    }
    assert_eq!(everything(&system), before);
    // Other accounts are not affected, nor is the backend.
    assert_left(&other.get(ENDPOINTS).await.expect(200), "dashboard", 4);
    let pushed = system.backend().post(EVENTS, &event(system.account())).await;
    assert!(!pushed.expect(202).headers.contains_key("ratelimit"));

    let reply = after_the_minute(async || customer.get(&one).await).await;
    assert_left(&reply.expect(200), "dashboard", 4);
    // The counter lives no longer than its minute. When Redis's clock was set back it would: a new minute begins.
    let counter = key("account:org:org_2test:calls");
    let mut redis = connect(&system.redis);
    let lives: i64 = redis.pttl(&counter).unwrap();
    assert!((1..=60_000).contains(&lives), "{lives}");
    let (): () = redis.set_ex(&counter, 5, 3600).unwrap();
    assert_left(&customer.get(&one).await.expect(200), "dashboard", 4);
    drop(second);
    system.stop();
}

#[tokio::test]
async fn a_call_with_a_session_counts_once_its_body_has_come() {
    let mut system = with_limits(&[("RATE_LIMIT_DASHBOARD", "5")]).await;
    let customer = system.customer();
    let body = json!({"url": "http://127.0.0.1:9000/", "events": ["*"]}).to_string();
    let token = e2e::clerk::Claims::v2("user_2slow", Some("org_2test")).sign(&system.key);
    let head = format!(
        "POST {ENDPOINTS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let address = system.api.variable("API_LISTEN").unwrap().to_owned();
    let begin = async || {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // Whoever has begun to read the body says so.
        let mut said = [0; 25];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    };
    let (mut comes, never_comes) = (begin().await, begin().await);
    assert_left(&customer.get(ENDPOINTS).await.expect(200), "dashboard", 4);
    comes.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    comes.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(answer.contains("\"dashboard\";r=3;"), "{answer}");
    drop(never_comes);
    assert_left(&customer.get(ENDPOINTS).await.expect(200), "dashboard", 2);
    system.stop();
}

#[tokio::test]
async fn events_are_limited_for_each_service_key() {
    let mut system = with_limits(&[("RATE_LIMIT_EVENTS_PER_KEY", "4")]).await;
    let (backend, second) = (system.backend(), system.caller(SECOND_KEY));
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let mut keyed = event(system.account());
    keyed["idempotencyKey"] = "once".into();
    let reply = backend.post(EVENTS, &event("org:org_a")).await.expect(202);
    assert_eq!(header(&reply, "ratelimit-policy"), "\"key\";q=4;w=60");
    assert_left(&reply, "key", 3);
    // Each item counts once, whatever its account; wrong and repeated items don't count.
    let items = [&keyed, &keyed, &json!({}), &event("org:org_b")];
    let reply = backend.post(BATCH, &json!({"events": items})).await.expect(202);
    assert_eq!(statuses(&reply), [202, 202, 422, 202]);
    assert_left(&reply, "key", 1);
    let last = event(system.account());
    let items = [&last, &last, &keyed];
    let reply = backend.post(BATCH, &json!({"events": items})).await.expect(202);
    assert_eq!(statuses(&reply), [202, 429, 202]);
    assert_eq!(reply.body["results"][1]["error"]["code"], "rate_limited");
    assert_eq!(reply.body["results"][2]["duplicate"], true);
    assert_left(&reply, "key", 0);

    shorten_minute(&system, "key:test:pushed");
    let before = everything(&system);
    let reply = backend.post(EVENTS, &last).await;
    assert_limited(&Method::POST, EVENTS, &reply);
    let all = json!({"events": [&last, &last]});
    let reply = backend.post(BATCH, &all).await;
    assert_limited(&Method::POST, BATCH, &reply);
    assert_eq!(statuses(&reply), [429, 429]);
    assert_eq!(everything(&system), before);
    // The API still answers a repeat of what it accepted.
    let again = backend
        .request(Method::POST, EVENTS)
        .json(&event(system.account()));
    let again = Caller::send(again.header("Idempotency-Key", "once")).await;
    assert_eq!(again.expect(202).body["duplicate"], true);
    assert_left(&second.post(EVENTS, &last).await.expect(202), "key", 3);
    let reply = after_the_minute(async || backend.post(EVENTS, &last).await).await;
    assert_left(&reply.expect(202), "key", 3);
    system.stop();
}

#[tokio::test]
async fn events_are_limited_for_each_account_across_processes() {
    let limits = [
        ("RATE_LIMIT_EVENTS_PER_KEY", "100"),
        ("RATE_LIMIT_EVENTS_PER_ACCOUNT", "2"),
    ];
    let mut system = with_limits(&limits).await;
    let (process, url) = another_api(&system).await;
    let (backend, elsewhere) = (system.backend(), Caller::new(&url, Some(SECOND_KEY)));
    let _reply = backend.post(EVENTS, &event("org:org_a")).await.expect(202);
    let reply = elsewhere.post(EVENTS, &event("org:org_a")).await.expect(202);
    assert_eq!(
        header(&reply, "ratelimit-policy"),
        "\"key\";q=100;w=60, \"account\";q=2;w=60"
    );
    assert_left(&reply, "key", 99);
    assert_left(&reply, "account", 0);
    shorten_minute(&system, "account:org:org_a:pushed");
    let before = everything(&system);
    for caller in [&backend, &elsewhere] {
        let reply = caller.post(EVENTS, &event("org:org_a")).await;
        assert_limited(&Method::POST, EVENTS, &reply);
        assert!(
            reply.body["detail"].as_str().unwrap().contains("An account"),
            "{}",
            reply.text
        );
    }
    assert_eq!(everything(&system), before);
    // In a batch each account has its own limit; the header announces the lowest.
    let items = [event("org:org_b"), event("org:org_a"), event("user:user_c")];
    let reply = backend.post(BATCH, &json!({"events": items})).await.expect(202);
    assert_eq!(statuses(&reply), [202, 429, 202]);
    assert_left(&reply, "account", 0);
    let reply = after_the_minute(async || backend.post(EVENTS, &event("org:org_a")).await).await;
    assert_left(&reply.expect(202), "account", 1);
    drop(process);
    system.stop();
}

/// The limit holds however many calls come at once, at whichever process.
#[tokio::test(flavor = "multi_thread")]
async fn of_events_at_the_same_time_as_many_are_accepted_as_the_limit_says() {
    let limits = [
        ("RATE_LIMIT_EVENTS_PER_KEY", "25"),
        ("RATE_LIMIT_EVENTS_PER_ACCOUNT", "10"),
    ];
    let mut system = with_limits(&limits).await;
    let (process, url) = another_api(&system).await;
    let callers = [system.backend(), Caller::new(&url, Some(SERVICE_KEY))];
    let calls = (0..120).map(|number: usize| {
        let caller = callers[number % 2].clone();
        let account = format!("org:org_{}", number % 4);
        async move { (number % 4, caller.post(EVENTS, &event(&account)).await) }
    });
    let mut accepted = [0; 4];
    for (account, reply) in futures_util::future::join_all(calls).await {
        if reply.status == 202 {
            accepted[account] += 1;
        } else {
            assert_limited(&Method::POST, EVENTS, &reply);
        }
    }
    assert_eq!(accepted.iter().sum::<u32>(), 25, "{accepted:?}");
    assert!(accepted.iter().all(|count| *count <= 10), "{accepted:?}");
    drop(process);
    system.stop();
}

#[tokio::test]
async fn only_calls_of_the_dashboard_are_limited_by_default() {
    let default = Process::run("webhooks-api", &["--help"], &[]);
    let help = String::from_utf8(default.stdout).unwrap();
    for (name, value) in [
        ("RATE_LIMIT_DASHBOARD", "600"),
        ("RATE_LIMIT_EVENTS_PER_KEY", "0"),
        ("RATE_LIMIT_EVENTS_PER_ACCOUNT", "0"),
    ] {
        let text: String = help.split(&format!("[env: {name}=]")).skip(1).take(1).collect();
        assert!(
            text.trim_start().starts_with(&format!("[default: {value}]")),
            "{name}"
        );
    }
    let mut system = with_limits(&[]).await;
    let replies = [
        system.customer().get(ENDPOINTS).await.expect(200),
        system
            .backend()
            .post(EVENTS, &event("org:org_a"))
            .await
            .expect(202),
    ];
    for reply in replies {
        assert!(!reply.headers.contains_key("ratelimit") && !reply.headers.contains_key("ratelimit-policy"));
    }
    let mut redis = connect(&system.redis);
    for pattern in ["*:calls", "*:pushed"] {
        assert_eq!(keys(&mut redis, pattern), Vec::<String>::new());
    }
    system.stop();
}

/// Who is refused again and again must not cost those anything who are within their limits: Redis, for one, isn't asked.
#[tokio::test]
async fn who_was_refused_is_refused_without_redis_until_the_minute_ends() {
    let limits = [
        ("RATE_LIMIT_DASHBOARD", "1"),
        ("RATE_LIMIT_EVENTS_PER_KEY", "2"),
        ("RATE_LIMIT_EVENTS_PER_ACCOUNT", "1"),
    ];
    let mut system = with_limits(&limits).await;
    let (customer, other) = (system.customer(), system.customer_of("org_2other"));
    let (backend, second) = (system.backend(), system.caller(SECOND_KEY));
    let push = async |caller: &Caller, account: &str, key: Option<&str>| {
        let request = caller.request(Method::POST, EVENTS).json(&event(account));
        let request = key
            .into_iter()
            .fold(request, |request, key| request.header("Idempotency-Key", key));
        Caller::send(request).await
    };
    let _reply = customer.get(ENDPOINTS).await.expect(200);
    assert_limited(&Method::GET, ENDPOINTS, &customer.get(ENDPOINTS).await);
    let _reply = push(&backend, "org:org_a", Some("one")).await.expect(202);
    assert_limited(
        &Method::POST,
        EVENTS,
        &push(&backend, "org:org_a", Some("two")).await,
    );
    let _reply = push(&backend, "org:org_b", None).await.expect(202);
    assert_limited(&Method::POST, EVENTS, &push(&backend, "org:org_c", None).await);

    system.redis.kill9();
    for (caller, account, key) in [
        (&backend, "org:org_c", None),
        (&backend, "org:org_d", None),
        (&second, "org:org_a", None),
        (&backend, "org:org_a", Some("two")),
    ] {
        assert_limited(&Method::POST, EVENTS, &push(caller, account, key).await);
    }
    assert_limited(&Method::GET, ENDPOINTS, &customer.get(ENDPOINTS).await);
    // Nobody else is; and what may have been accepted before isn't refused by what is known of others.
    for (caller, account, key) in [(&second, "org:org_b", None), (&backend, "org:org_a", Some("one"))] {
        let reply = push(caller, account, key).await;
        assert_refused(&Method::POST, EVENTS, &reply, 503, "store_unavailable", "");
    }
    let reply = other.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 503, "store_unavailable", "");
    system.redis.restart();
    system.wait_ready().await;
    system.stop();
}

#[tokio::test]
async fn without_redis_a_limited_call_fails_as_any_other() {
    let mut system = with_limits(&[("RATE_LIMIT_DASHBOARD", "5"), ("RATE_LIMIT_EVENTS_PER_KEY", "5")]).await;
    let (customer, backend) = (system.customer(), system.backend());
    system.redis.kill9();
    for (method, path, reply) in [
        (Method::GET, ENDPOINTS, customer.get(ENDPOINTS).await),
        (
            Method::GET,
            "/api/event-types",
            customer.get("/api/event-types").await,
        ),
        (
            Method::POST,
            EVENTS,
            backend.post(EVENTS, &event("org:org_a")).await,
        ),
    ] {
        assert_refused(&method, path, &reply, 503, "store_unavailable", "");
        assert!(!reply.headers.contains_key("ratelimit"));
    }
    system.redis.restart();
    system.wait_ready().await;
    assert_left(&customer.get(ENDPOINTS).await.expect(200), "dashboard", 4);
    system.stop();
}
