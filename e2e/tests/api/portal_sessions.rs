//! Portal sessions, by which a product embeds the dashboard in its own pages: what each may do at every call of the document, and how they
//! end.
//!
//! Proves (security): Portal sessions
//! Proves (security): Made-up keys and portal sessions of an account

use std::collections::BTreeSet;

use domain::clock::Timestamp;
use e2e::client::Caller;
use e2e::state::{connect, key};
use e2e::system::{MANAGE_KEY, SERVICE_KEY, System};
use futures_util::future::join_all;
use redis::Commands as _;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::documented::calls::{Call, calls};
use crate::fixture::{API_KEYS, ENDPOINTS, PORTAL_SESSIONS, api, assert_refused, everything, refuses};
use crate::tenancy::answer;

const URL: &str = "http://127.0.0.1:9000/";

const STREAM: &str = "/api/webhooks-deliveries/stream";

const MINUTES: u64 = 60_000;

async fn made(system: &System, account: &str, access: &str) -> Value {
    system
        .caller(MANAGE_KEY)
        .create_portal_session(account, access)
        .await
}

fn text<'a>(session: &'a Value, field: &str) -> &'a str {
    session[field].as_str().unwrap()
}

fn path(session: &Value) -> String {
    format!("{PORTAL_SESSIONS}/{}", text(session, "id"))
}

#[track_caller]
fn assert_over(reply: &e2e::client::Reply, code: &str) {
    assert_refused(&Method::GET, ENDPOINTS, reply, 401, code, "");
}

#[tokio::test]
async fn a_session_lives_from_its_creation_to_its_revocation() {
    let mut system = api().await;
    let before = Timestamp::now().as_millis();
    let session = made(&system, "org_2test", "write").await;
    let expires = text(&session, "expiresAt")
        .parse::<Timestamp>()
        .unwrap()
        .as_millis();
    let lasts = expires - before;
    assert!((15 * MINUTES..16 * MINUTES).contains(&lasts), "{session}");
    let token = text(&session, "token");
    assert!(
        token.starts_with("rkp_org_2test_") && token.ends_with(&format!("_{expires}")),
        "{token}"
    );
    assert_eq!(
        (&session["accountId"], &session["access"]),
        (&json!("org:org_2test"), &json!("write"))
    );
    // What is made and changed with it bears its name, and is the account's.
    let embedded = system.caller(token);
    let endpoint = embedded.create_endpoint(URL, &["lead.captured"]).await;
    let shown = system.customer().endpoint(&endpoint.id).await;
    assert_eq!(
        (&shown["createdBy"], &shown["updatedBy"]),
        (&session["id"], &session["id"])
    );
    // Not even its end half is anywhere: what is kept doesn't hold the token.
    let secret = token.rsplit('_').nth(1).unwrap();
    let secret = &secret[secret.len() - 32..];
    for (key, content) in everything(&system) {
        let holds = content.windows(32).any(|bytes| bytes == secret.as_bytes());
        assert!(!holds, "{key} has the token");
    }
    // Revoked by another process of the API, it is refused by this one at once.
    let another = system.another_api().await;
    let elsewhere = format!("http://{}", another.variable("API_LISTEN").unwrap());
    let manager = Caller::new(&elsewhere, Some(MANAGE_KEY));
    let _reply = manager.delete(&path(&session)).await.expect(204);
    assert_over(&embedded.get(ENDPOINTS).await, "invalid_portal_session");
    let reply = manager.delete(&path(&session)).await;
    assert_refused(
        &Method::DELETE,
        &path(&session),
        &reply,
        404,
        "portal_session_not_found",
        "",
    );
    system.stop();
}

/// What the dashboard shows.
const READS: &[&str] = &[
    "listEndpoints",
    "getEndpoint",
    "checkEndpoint",
    "verifySignature",
    "listEventTypes",
    "getSummary",
    "listDeliveries",
    "getDelivery",
    "streamDeliveries",
    "listAccountDeliveries",
    "streamAccountDeliveries",
    "getEvent",
    "findEvent",
    "countReplay",
    "getReplay",
];

/// What people who may write do there.
const WRITES: &[&str] = &[
    "createEndpoint",
    "changeEndpoint",
    "changeEndpointById",
    "changeEndpoints",
    "removeEndpoint",
    "removeEndpointById",
    "sendTestEvent",
    "rotateSecret",
    "retryEndpoint",
    "eraseEvent",
    "replayDelivery",
    "replayDeliveries",
    "cancelReplay",
];

/// What no session does.
const NEVER: &[&str] = &[
    "listApiKeys",
    "createApiKey",
    "revokeApiKey",
    "createPortalSession",
    "revokePortalSession",
    "pushEvent",
    "pushEvents",
    "getAccount",
    "eraseAccount",
    "getAccountLimits",
    "setAccountLimits",
    "getAccountPause",
    "pauseAccount",
    "resumeAccount",
];

/// The code that refuses a call of a session with this access; `None` if it isn't refused for its token.
fn refusal(call: &Call, access: &str) -> Option<&'static str> {
    if NEVER.contains(&call.id()) {
        Some("not_for_portal_sessions")
    } else if WRITES.contains(&call.id()) && access == "read" {
        Some("portal_session_read_only")
    } else {
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_access_allows_what_the_table_says_at_every_call() {
    let mut system = api().await;
    let calls: Vec<_> = calls()
        .into_iter()
        .filter(|call| call.path.starts_with("/api/"))
        .collect();
    let documented: BTreeSet<_> = calls.iter().map(Call::id).collect();
    let listed: Vec<_> = READS.iter().chain(WRITES).chain(NEVER).copied().collect();
    assert_eq!(listed.len(), documented.len(), "each call stands in one list");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), documented);
    for access in ["read", "write"] {
        let embedded = system.portal(access).await;
        // A body or an id that is wrong is looked at after the token.
        let before = everything_but_counts(&system);
        for call in &calls {
            assert_eq!(
                !NEVER.contains(&call.id()),
                call.takes("portalSession"),
                "{}",
                call.name()
            );
            let ids = call.path.replace("{id}", "ep_none").replace("{deliveryId}", "x");
            let ids = ids.replace("{replayId}", "x").replace("{eventId}", "x");
            let ids = ids
                .replace("{accountId}", "org_2test")
                .replace("{sessionId}", "x");
            let request = embedded.request(call.method.clone(), &ids).body("[");
            let (status, code, said) = answer(request).await;
            let context = format!("{} with {access}: {status} {said}", call.name());
            match refusal(call, access) {
                Some(expected) => assert_eq!((status, code.as_str()), (403, expected), "{context}"),
                None => assert!(status != 401 && status != 403, "{context}"),
            }
        }
        assert_eq!(everything_but_counts(&system), before, "{access}");
    }
    system.stop();
}

/// All but the counts of calls, and what the server counts.
fn everything_but_counts(system: &System) -> Vec<(String, Vec<u8>)> {
    let all = everything(system).into_iter();
    let others = all.filter(|(key, _)| !key.contains(":calls") && !key.ends_with(":stats"));
    others.collect()
}

/// What is allowed is done, too.
#[tokio::test]
async fn reading_shows_the_account_and_writing_changes_it_and_no_other() {
    let mut system = api().await;
    let (reads, writes) = (system.portal("read").await, system.portal("write").await);
    let endpoint = writes.create_endpoint(URL, &["*"]).await;
    let at = format!("{ENDPOINTS}/{}", endpoint.id);
    assert_eq!(
        reads.endpoint(&endpoint.id).await["createdBy"],
        endpoint.body["createdBy"]
    );
    let _reply = reads.get("/api/webhooks-summary").await.expect(200);
    let _reply = reads.get("/api/webhooks-deliveries").await.expect(200);
    let _reply = reads.get("/api/event-types").await.expect(200);
    let rotation = json!({"graceHours": 0});
    let rotated = format!("{at}/rotate-secret");
    let reply = reads.post(&rotated, &rotation).await;
    assert_refused(
        &Method::POST,
        &rotated,
        &reply,
        403,
        "portal_session_read_only",
        "",
    );
    let _reply = writes.post(&rotated, &rotation).await.expect(200);
    // Another account's session shows that account.
    let other = made(&system, "org_2other", "write").await;
    let stranger = system.caller(text(&other, "token"));
    assert_eq!(
        stranger.get(ENDPOINTS).await.expect(200).body["endpoints"],
        json!([])
    );
    let _reply = stranger.get(&at).await.expect(404);
    let _reply = stranger.delete(&at).await.expect(404);
    let _reply = reads.delete(&at).await.expect(403);
    let _reply = writes.delete(&at).await.expect(204);
    system.stop();
}

#[tokio::test]
async fn what_is_wrong_with_a_new_session_is_said_and_nobody_but_the_manager_makes_one() {
    let mut system = api().await;
    let manager = system.caller(MANAGE_KEY);
    let before = everything(&system);
    for (body, code, field) in [
        (json!({}), "missing_field", "accountId"),
        (json!({"accountId": "org_2test"}), "missing_field", "access"),
        (
            json!({"accountId": "acme", "access": "read"}),
            "invalid_account_id",
            "accountId",
        ),
        (
            json!({"accountId": 5, "access": "read"}),
            "invalid_type",
            "accountId",
        ),
        (
            json!({"accountId": "org_2test", "access": "admin"}),
            "invalid_value",
            "access",
        ),
        (
            json!({"accountId": "org_2test", "access": null}),
            "invalid_type",
            "access",
        ),
        (
            json!({"accountId": "org_2test", "access": "read", "minutes": 60}),
            "unknown_field",
            "minutes",
        ),
    ] {
        refuses(
            &manager,
            Method::POST,
            PORTAL_SESSIONS,
            body.to_string(),
            (422, code, field),
        )
        .await;
    }
    for id in [
        "x",
        "ps_",
        "ps_0000000000000000",
        "key_0000000000000000",
        "ps_000000000000000%2F",
    ] {
        let path = format!("{PORTAL_SESSIONS}/{id}");
        refuses(
            &manager,
            Method::DELETE,
            &path,
            "",
            (404, "portal_session_not_found", ""),
        )
        .await;
    }
    let query = format!("{PORTAL_SESSIONS}?accountId=org_2test");
    let good = json!({"accountId": "org_2test", "access": "read"}).to_string();
    refuses(
        &manager,
        Method::POST,
        &query,
        good.clone(),
        (422, "unknown_parameter", "accountId"),
    )
    .await;
    for (caller, code) in [
        (system.customer(), "wrong_token_kind"),
        (system.caller(SERVICE_KEY), "wrong_token_kind"),
        (system.manager_of("org_2test"), "account_header_not_allowed"),
    ] {
        refuses(
            &caller,
            Method::POST,
            PORTAL_SESSIONS,
            good.clone(),
            (403, code, ""),
        )
        .await;
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn tokens_that_are_made_up_changed_or_too_old_are_refused() {
    let mut system = api().await;
    let session = made(&system, "org_2test", "read").await;
    let other = made(&system, "org_2other", "write").await;
    let token = text(&session, "token");
    let embedded = system.caller(token);
    let _reply = embedded.get(ENDPOINTS).await.expect(200);
    let (start, end) = token.rsplit_once('_').unwrap();
    let last = if start.ends_with('0') { '1' } else { '0' };
    let later: u64 = end.parse::<u64>().unwrap() + MINUTES;
    let before = everything_but_counts(&system);
    for (wrong, code) in [
        (
            format!("{}{last}_{end}", &start[..start.len() - 1]),
            "invalid_portal_session",
        ),
        (format!("{start}_{later}"), "invalid_portal_session"),
        (format!("{start}_0{end}"), "invalid_portal_session"),
        (start.to_owned(), "invalid_portal_session"),
        (token.replace("org_2test", "org_2other"), "invalid_portal_session"),
        (
            token.replace("org_2test", "org~org_2test"),
            "invalid_portal_session",
        ),
        ("rkp_".to_owned(), "invalid_portal_session"),
        (token.replacen("rkp_", "rkq_", 1), "invalid_token"),
        (format!("{start}_1774539000000"), "portal_session_expired"),
    ] {
        assert_over(&system.caller(&wrong).get(ENDPOINTS).await, code);
    }
    assert_eq!(everything_but_counts(&system), before);
    // 15 minutes pass for Redis. There is nothing to renew it with.
    let mut redis = connect(&system.redis);
    let _: () = redis.hset(key("stats"), "clockOffset", 15 * MINUTES).unwrap();
    assert_over(&embedded.get(ENDPOINTS).await, "portal_session_expired");
    let _: () = redis.del(key(&format!("portal:{}", text(&other, "id")))).unwrap();
    let gone = system.caller(text(&other, "token")).get(ENDPOINTS).await;
    assert_over(&gone, "portal_session_expired");
    let renewed = system.portal("read").await;
    let _reply = renewed.get(ENDPOINTS).await.expect(200);
    system.stop();
}

/// A stream to its end.
async fn heard(mut stream: Response) -> String {
    assert_eq!(stream.status(), 200);
    let mut said = String::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        said.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    said
}

/// A live stream outlasts the look at its session, but not the session.
#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let mut system = api().await;
    let session = made(&system, "org_2test", "read").await;
    let stream = system
        .caller(text(&session, "token"))
        .request(Method::GET, STREAM);
    let stream = stream.send().await.unwrap();
    let another = system.another_api().await;
    let elsewhere = format!("http://{}", another.variable("API_LISTEN").unwrap());
    let manager = Caller::new(&elsewhere, Some(MANAGE_KEY));
    let _reply = manager.delete(&path(&session)).await.expect(204);
    let said = heard(stream).await;
    assert!(said.contains(r#"{"reason":"portal_session_revoked"}"#), "{said}");

    // One that was made nearly 15 minutes ago.
    let session = made(&system, "org_2test", "read").await;
    let token = text(&session, "token");
    let (start, end) = token.rsplit_once('_').unwrap();
    let soon = (Timestamp::now().as_millis() + 4_000).to_string();
    let mut redis = connect(&system.redis);
    let kept = key(&format!("portal:{}", text(&session, "id")));
    let content: String = redis.get(&kept).unwrap();
    let _: () = redis.set(&kept, content.replace(end, &soon)).unwrap();
    let aged = system.caller(&format!("{start}_{soon}"));
    let said = heard(aged.request(Method::GET, STREAM).send().await.unwrap()).await;
    assert!(said.contains(r#"{"reason":"token_expired"}"#), "{said}");
    system.stop();
}

/// Sessions are Redis's, not a process's.
#[tokio::test]
async fn sessions_outlive_the_programs_that_made_them() {
    let mut system = api().await;
    let (kept, ended) = (
        made(&system, "org_2test", "read").await,
        made(&system, "org_2test", "read").await,
    );
    let _reply = system.caller(MANAGE_KEY).delete(&path(&ended)).await.expect(204);
    system.api.kill9();
    system.redis.kill9();
    system.redis.restart();
    let another = system.another_api().await;
    let elsewhere = format!("http://{}", another.variable("API_LISTEN").unwrap());
    let get = async |session: &Value| {
        Caller::new(&elsewhere, Some(text(session, "token")))
            .get(ENDPOINTS)
            .await
    };
    let _reply = get(&kept).await.expect(200);
    assert_over(&get(&ended).await, "invalid_portal_session");
    let manager = Caller::new(&elsewhere, Some(MANAGE_KEY));
    let _reply = manager.delete(&path(&kept)).await.expect(204);
    assert_over(&get(&kept).await, "invalid_portal_session");
}

/// Whoever makes tokens up hurts neither sessions that are known, nor keys, nor people who signed in.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_made_up_sessions_locks_nobody_out() {
    let mut system = api().await;
    let session = made(&system, "org_2test", "read").await;
    let token = text(&session, "token");
    let known = system.caller(token);
    let _reply = known.get(ENDPOINTS).await.expect(200);
    let (start, end) = token.rsplit_once('_').unwrap();
    let start = &start[..start.len() - 32];
    let flood = (0..200_u32).map(|number| {
        let stranger = system.caller(&format!("{start}{number:032}_{end}"));
        async move { stranger.get(ENDPOINTS).await.expect(401) }
    });
    let program = system.automation(&["endpoints:read"]).await;
    let (_, replies) = tokio::join!(join_all(flood), async {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            for caller in [&known, &program, &system.customer()] {
                statuses.push(caller.get(ENDPOINTS).await.status);
            }
        }
        statuses
    });
    assert_eq!(replies, [200; 60]);
    let _reply = system
        .caller(MANAGE_KEY)
        .delete(&path(&session))
        .await
        .expect(204);
    let _reply = known.get(ENDPOINTS).await.expect(401);
    let _reply = known.get(API_KEYS).await.expect(403);
    system.stop();
}
