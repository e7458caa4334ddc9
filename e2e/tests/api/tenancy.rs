//! Tenancy, for each call of the OpenAPI document: with another account's token, everything that an account owns is as unknown
//! as what doesn't exist, and nothing changes; without a token of the right kind nobody gets in.
//!
//! The calls come from the document. If you add one whose parameters this test can't fill, it fails; add what it needs. If a
//! call names nothing, enter it in `OWN`: it concerns only the account of its token.
//!
//! Proves (security): No token, a wrong one, or one of the wrong kind
//! Proves (security): Another account's endpoints, deliveries, replays, cursors and stream positions are unknown

use std::collections::BTreeMap;

use domain::api_key::Scope;
use e2e::clerk::{Claims, SigningKey, now};
use e2e::client::Caller;
use e2e::system::{MANAGE_KEY, SERVICE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};

use crate::documented::calls::{Call, calls};
use crate::fixture::{API_KEYS, ENDPOINTS, everything};
use crate::listener::Listener;
use crate::log_scene::{HOOK, LogScene, text};

/// Calls that name nothing: they make or list what belongs to the account of the token.
const OWN: [&str; 8] = [
    "createApiKey",
    "listApiKeys",
    "createEndpoint",
    "checkEndpoint",
    "listEndpoints",
    "getSummary",
    "listEventTypes",
    "streamAccountDeliveries",
];

/// A key of an account that it hasn't.
const MADE_UP: &str = "rk_live_org_2test_0123456789abcdefghjkmnpqrstvwxyz0123456789abcdef";

/// A portal session that an account hasn't.
const NO_PORTAL: &str = "rkp_org_2test_0123456789abcdefghjkmnpqrstvwxyz0123456789abcdef_4102444800000";

const STRANGER: &str = "org_2other";

/// The idempotency key of an event of the account.
const KEY: &str = "key-of-the-account";

/// Everything of an account that a call may name.
#[derive(Clone)]
struct Belongings {
    endpoint: String,
    /// The event of the delivery.
    event: String,
    /// Exhausted, so that it can be replayed.
    delivery: String,
    replay: String,
    /// Behind the first delivery of a page of one.
    cursor: String,
    /// What a live stream began with.
    event_id: String,
    /// The id of a key.
    api_key: String,
}

/// An account with one of everything, and no worker left that would change it.
async fn furnish(scene: &mut LogScene) -> Belongings {
    scene.push(json!({"then": 500})).await;
    let delivery = text(&scene.listed("status=exhausted", 1).await[0], "id");
    let event = json!({"accountId": scene.system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let push = scene
        .system
        .backend()
        .request(reqwest::Method::POST, "/api/events");
    let _reply = Caller::send(push.header("idempotency-key", KEY).json(&event))
        .await
        .expect(202);
    scene.listed("status=succeeded", 1).await;
    scene.customer.create_api_key(&["endpoints:write"]).await;
    let keys = scene.customer.get(API_KEYS).await.expect(200).body;
    let (_, event_id) = Listener::start(&scene.customer, &scene.path("deliveries/stream"), None).await;
    // No exhausted delivery is that young, so the replay has nothing to do.
    let wanted = json!({"since": recent(-1_000), "status": "exhausted", "dryRun": false});
    let replay = scene.customer.post(&scene.path("replay"), &wanted).await;
    let belongings = Belongings {
        event: format!("evt_{}", &delivery[4..30]),
        delivery,
        replay: text(&replay.expect(202).body, "id"),
        cursor: text(&scene.list("limit=1").await, "nextCursor"),
        event_id,
        api_key: text(&keys["keys"][0], "id"),
        endpoint: scene.endpoint.clone(),
    };
    // It ends, so that the owner can start another one.
    let progress = scene.path(&format!("replays/{}", belongings.replay));
    eventually(LONG, "the replay to end", async || {
        let replay = scene.customer.get(&progress).await.expect(200).body;
        check(replay["state"] == "finished", replay.to_string())
    })
    .await;
    for mut worker in scene.system.workers.drain(..) {
        assert!(worker.terminate().success(), "{}", worker.log());
    }
    belongings
}

/// A time around now.
fn recent(span_ms: i64) -> String {
    let time = i64::try_from(now() * 1000).unwrap() + span_ms;
    domain::clock::Timestamp::from_millis(time).unwrap().to_string()
}

/// A call as it is documented, with these belongings wherever it names something.
fn filled(call: &Call, body: Option<&Value>, caller: &Caller, names: &Belongings) -> RequestBuilder {
    let mut path = call.path.to_owned();
    let (mut query, mut headers) = (Vec::new(), Vec::new());
    for parameter in call.parameters() {
        let value = match parameter.name {
            "id" if call.id() == "revokeApiKey" => names.api_key.as_str(),
            // It is looked for behind the token alone.
            "sessionId" => "ps_0000000000000000",
            "id" | "endpointId" => names.endpoint.as_str(),
            "eventId" => &names.event,
            "idempotencyKey" => KEY,
            "deliveryId" => &names.delivery,
            "replayId" => &names.replay,
            // It is one of an endpoint's listing.
            "cursor" if call.id() == "listDeliveries" => &names.cursor,
            "Last-Event-ID" => &names.event_id,
            "limit" => "1",
            "accountId" => "org_2test",
            // These name nothing that somebody owns.
            "status" | "event" | "chatbotId" | "active" | "state" | "search" | "cursor" | "since"
            | "until" | "Idempotency-Key" | "If-Match" | "traceparent" => continue,
            other => panic!("{}: say what to give as `{other}`", call.name()),
        };
        match parameter.place {
            "path" => path = path.replace(&format!("{{{}}}", parameter.name), value),
            "query" => query.push((parameter.name, value)),
            "header" => headers.push((parameter.name, value)),
            place => panic!("{}: a parameter in {place}", call.name()),
        }
    }
    if !query.is_empty() {
        let query = Url::parse_with_params("http://any/", query).unwrap();
        path = format!("{path}?{}", query.query().unwrap());
    }
    let mut request = caller.request(call.method.clone(), &path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match body {
        Some(body) => request.json(&inserted(body, names)),
        None => request,
    }
}

/// The body of an example, with these belongings and with a time that is not long ago.
fn inserted(body: &Value, names: &Belongings) -> Value {
    match body {
        Value::String(text) if text.starts_with("ep_") => names.endpoint.as_str().into(),
        Value::String(text) if text.starts_with("dlv_") => names.delivery.as_str().into(),
        Value::String(text) if text.starts_with("rpl_") => names.replay.as_str().into(),
        Value::Array(items) => items.iter().map(|item| inserted(item, names)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match name.as_str() {
                "since" => (name.clone(), recent(-3_600_000).into()),
                "until" => (name.clone(), recent(30_000).into()),
                _ => (name.clone(), inserted(value, names)),
            })
            .collect(),
        other => other.clone(),
    }
}

/// The status, the code, and the body unless it goes on for ever.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let media_type = response
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    if media_type.is_some_and(|media_type| media_type.starts_with("text/event-stream")) {
        return (status, String::new(), String::new());
    }
    let text = response.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned(), text)
}

/// Whether each of many endpoints is answered as one that there isn't.
fn is_each_unknown(said: &str) -> bool {
    let said: Value = serde_json::from_str(said).unwrap();
    let results = said["results"].as_array().unwrap();
    let is_unknown = |result: &Value| result["error"]["code"] == "endpoint_not_found";
    !results.is_empty() && results.iter().all(is_unknown)
}

/// Parameters that name something of an account.
const NAMES: [&str; 6] = [
    "id",
    "deliveryId",
    "replayId",
    "endpointId",
    "eventId",
    "idempotencyKey",
];

/// Whether a call names something of an account, in its path, its query, a header or its body.
fn names_something(call: &Call) -> bool {
    let in_body = |body: &Value| body.to_string().contains("\"ep_") || body.to_string().contains("\"dlv_");
    call.parameters()
        .iter()
        .any(|parameter| NAMES.contains(&parameter.name))
        || call.requests().iter().any(|(_, body)| body.is_some_and(in_body))
}

/// Whether it names something below an endpoint.
fn names_something_below(call: &Call) -> bool {
    let is_below = call.path.contains("{id}");
    is_below
        && call.parameters().iter().any(|parameter| {
            matches!(
                parameter.name,
                "deliveryId" | "replayId" | "cursor" | "Last-Event-ID"
            )
        })
}

/// All but the notes of when keys were last used.
fn everything_but_uses(system: &System) -> BTreeMap<String, Vec<u8>> {
    let mut all = everything(system);
    all.retain(|key, _| !key.ends_with(":keys") && !key.ends_with(":stats"));
    all
}

async fn start() -> (LogScene, Belongings) {
    let mut scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "")).await;
    let belongings = furnish(&mut scene).await;
    (scene, belongings)
}

/// With the owner's own token the very same calls find what they name; those that remove something come last.
async fn found_by_their_owner(scene: &LogScene, mut named: Vec<Call>, theirs: &Belongings) {
    named.sort_by_key(|call| call.method == reqwest::Method::DELETE);
    named.sort_by_key(|call| call.path.starts_with(ENDPOINTS) && !call.path.contains("{id}"));
    for call in named {
        let (_, body) = call.requests().remove(0);
        let mut names = theirs.clone();
        if call.id() == "removeEndpointById" {
            names.endpoint = scene
                .customer
                .create_endpoint("http://127.0.0.1:9000/", &["*"])
                .await
                .id;
        }
        let (status, _, said) = answer(filled(&call, body, &scene.customer, &names)).await;
        // Without a worker a test event is not sent.
        let is_good = (200..300).contains(&status) || call.id() == "sendTestEvent" && status == 503;
        assert!(is_good, "{} of the owner: {status} {said}", call.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_owns_is_unknown_to_every_other() {
    let (mut scene, theirs) = start().await;
    let stranger = scene.system.customer_of(STRANGER);
    let scopes: Vec<_> = Scope::all().map(Scope::as_str).collect();
    let key = stranger.create_api_key(&scopes).await;
    let manager = scene.system.caller(MANAGE_KEY);
    let session = manager.create_portal_session(STRANGER, "write").await;
    let strangers = [
        ("clerkSession", stranger.clone()),
        ("portalSession", scene.system.caller(&text(&session, "token"))),
        ("accountKey", scene.system.caller(&key)),
        ("manageKey", scene.system.manager_of(STRANGER)),
    ];
    let own = stranger
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    let below_own = Belongings {
        endpoint: own,
        ..theirs.clone()
    };
    let before = everything_but_uses(&scene.system);
    let (mut alone, mut named) = (Vec::new(), Vec::new());
    for call in calls().into_iter().filter(|call| call.takes("clerkSession")) {
        if !names_something(&call) {
            assert!(
                OWN.contains(&call.id()),
                "{} names nothing: does it concern the account alone?",
                call.name()
            );
            alone.push(call);
            continue;
        }
        let takes = |scheme: &str| call.takes(scheme);
        let tried = strangers.iter().filter(|(scheme, _)| takes(scheme));
        let requests = call.requests();
        let tries = tried.flat_map(|(scheme, stranger)| {
            requests
                .iter()
                .map(move |(example, body)| (scheme, stranger, example, body))
        });
        for (scheme, stranger, example, body) in tries {
            let (status, code, said) = answer(filled(&call, *body, stranger, &theirs)).await;
            let context = format!("{}, `{example}`, {scheme}: {status} {said}", call.name());
            // A cursor is looked at before what it belongs to.
            let is_refused = matches!(
                (status, code.as_str()),
                (
                    404,
                    "endpoint_not_found" | "event_not_found" | "api_key_not_found"
                )
            ) || names_something_below(&call)
                && (status, code.as_str()) == (422, "invalid_cursor")
                || call.id() == "changeEndpoints" && status == 200 && is_each_unknown(&said);
            assert!(is_refused, "{context}");
            assert_eq!(everything_but_uses(&scene.system), before, "{context}");
        }
        if names_something_below(&call) {
            let (status, code, said) = answer(filled(&call, None, &stranger, &below_own)).await;
            let is_refused = matches!(
                (status, code.as_str()),
                (404, "delivery_not_found" | "replay_not_found") | (422, "invalid_cursor")
            );
            // A stream begins with a gap, and then tells what happens at the own endpoint.
            let is_refused = is_refused || call.is_stream() && status == 200;
            assert!(
                is_refused,
                "{} below an own endpoint: {status} {said}",
                call.name()
            );
            assert_eq!(everything_but_uses(&scene.system), before, "{}", call.name());
        }
        named.push(call);
    }
    // Calls that name nothing show nothing of the account, and change nothing in it.
    for call in &alone {
        for (_, body) in call.requests() {
            let (status, _, said) = answer(filled(call, body, &stranger, &theirs)).await;
            assert!((200..300).contains(&status), "{}: {said}", call.name());
            for secret in [
                &theirs.endpoint,
                &theirs.delivery,
                &theirs.replay,
                &scene.receiver.url(HOOK),
            ] {
                assert!(!said.contains(secret.as_str()), "{}: {said}", call.name());
            }
        }
    }
    let after = everything_but_uses(&scene.system);
    for (key, content) in &before {
        let is_shared = key.ends_with(":stats") || key.contains(STRANGER);
        assert!(is_shared || after.get(key) == Some(content), "{key} was changed");
    }
    found_by_their_owner(&scene, named, &theirs).await;
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token_of_the_right_kind() {
    let (mut scene, theirs) = start().await;
    let before = everything(&scene.system);
    let system = &scene.system;
    let claims = || Claims::v2("user_2test", Some("org_2test"));
    let session = claims().sign(&system.key);
    let forged = claims().sign(&SigningKey::generate(system.key.kid()));
    let expired = claims()
        .with("exp", now() - 60)
        .with("nbf", now() - 120)
        .sign(&system.key);
    let of_a_machine = claims().without("sid").sign(&system.key);
    let nobody = Caller::new(&system.api_url(), None);
    let with = |token: &str| system.caller(token);
    let mut tried = 0;
    for call in calls() {
        let wrong: Vec<(&str, Caller, u16)> = match (call.takes("clerkSession"), call.takes("serviceKey")) {
            (true, false) => vec![
                ("none", nobody.clone(), 401),
                ("a service key", with(SERVICE_KEY), 403),
                ("forged", with(&forged), 401),
                ("unsigned", with(&claims().unsigned()), 401),
                ("expired", with(&expired), 401),
                ("a machine's", with(&of_a_machine), 403),
                ("a key of Clerk's", with("ak_0123456789abcdef"), 403),
                ("an unknown service key", with("whk_owner_0123456789abcdef"), 401),
                (
                    "a made-up key",
                    with(MADE_UP),
                    if call.takes("accountKey") { 401 } else { 403 },
                ),
                (
                    "a made-up portal session",
                    with(NO_PORTAL),
                    if call.takes("portalSession") { 401 } else { 403 },
                ),
                (
                    "a session, with a header",
                    with(&session).for_account("org_2test"),
                    403,
                ),
                ("no account", with(MANAGE_KEY), 422),
            ],
            (false, true) => vec![
                ("none", nobody.clone(), 401),
                ("a session", with(&session), 403),
                ("an expired session", with(&expired), 403),
                ("an unknown key", with("whk_test_0123456789abcdef"), 401),
                ("a key of an account", with(MADE_UP), 403),
                ("a portal session", with(NO_PORTAL), 403),
                (
                    "a service key, with a header",
                    with(SERVICE_KEY).for_account("org_2test"),
                    403,
                ),
                ("garbage", with("garbage"), 401),
            ],
            (false, false) if call.takes("manageKey") => vec![
                ("none", nobody.clone(), 401),
                ("a session", with(&session), 403),
                ("a key of an account", with(MADE_UP), 403),
                ("a portal session", with(NO_PORTAL), 403),
                ("a service key that pushes", with(SERVICE_KEY), 403),
                ("an unknown key", with("whk_owner_0123456789abcdef"), 401),
                ("with a header", with(MANAGE_KEY).for_account("org_2test"), 403),
            ],
            (false, false) => {
                assert!(
                    !call.path.starts_with("/api/"),
                    "{} wants no token: is that meant?",
                    call.name()
                );
                continue;
            }
            (true, true) => panic!("{} takes tokens of both kinds", call.name()),
        };
        let (_, body) = call.requests().remove(0);
        for (what, caller, expected) in wrong {
            let (status, _, said) = answer(filled(&call, body, &caller, &theirs)).await;
            assert_eq!(status, expected, "{}, token: {what}: {said}", call.name());
            tried += 1;
        }
        assert_eq!(everything(&scene.system), before, "{}", call.name());
    }
    assert!(tried > 100, "{tried}");
    scene.system.stop();
}
