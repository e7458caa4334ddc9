//! Helpers of the API's tests: they start systems, check refusals, and compare all that Redis holds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use e2e::client::{Caller, Reply};
use e2e::state::connect;
use e2e::system::System;
use redis::Commands as _;
use reqwest::Method;
use serde_json::Value;

pub(crate) const ENDPOINTS: &str = "/api/webhooks-config";
pub(crate) const API_KEYS: &str = "/api/api-keys";
pub(crate) const PORTAL_SESSIONS: &str = "/api/portal-sessions";
pub(crate) const EVENTS: &str = "/api/events";
pub(crate) const BATCH: &str = "/api/events/batch";

pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../openapi/openapi.json")).unwrap());

/// Starts a system without workers, where nothing happens but what the API does.
pub(crate) async fn api() -> System {
    System::builder().workers(0).start().await
}

/// Starts such a system, with a customer, and the id of an endpoint of theirs where nobody listens.
pub(crate) async fn api_with_endpoint() -> (System, Caller, String) {
    let system = api().await;
    let customer = system.customer();
    let url = "http://127.0.0.1:9000/";
    let id = customer.create_endpoint(url, &["*"]).await.id;
    (system, customer, id)
}

/// Time that the API has had on processors so far, in hundredths of a second.
pub(crate) fn processor_time(system: &System) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", system.api.id())).unwrap();
    // Behind the name, which may contain anything, these are the 12th and the 13th field.
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Reads all that Redis holds, without `wh:meta`, whose counter the programs raise by themselves.
pub(crate) fn everything(system: &System) -> BTreeMap<String, Vec<u8>> {
    let mut connection = connect(&system.redis);
    let keys: Vec<String> = connection.keys("*").unwrap();
    keys.into_iter()
        .filter(|key| key != store::keys::META)
        .map(|key| {
            let content = redis::cmd("DUMP").arg(&key).query(&mut connection).unwrap();
            (key, content)
        })
        .collect()
}

/// Sends a body of any bytes, declared as JSON.
pub(crate) async fn send(
    caller: &Caller,
    method: Method,
    path: &str,
    body: impl Into<reqwest::Body>,
) -> Reply {
    let request = caller
        .request(method, path)
        .header("content-type", "application/json")
        .body(body);
    Caller::send(request).await
}

/// Asserts that a reply is this problem, complete, and documented for this call.
#[track_caller]
pub(crate) fn assert_refused(
    method: &Method,
    path: &str,
    reply: &Reply,
    status: u16,
    code: &str,
    field: &str,
) {
    let context = format!("{method} {path}: {}", reply.text);
    assert_eq!(
        (reply.status, reply.code(), reply.field()),
        (status, code, field),
        "{context}"
    );
    assert_eq!(
        reply.headers["content-type"], "application/problem+json",
        "{context}"
    );
    assert_eq!(reply.body["status"], status, "{context}");
    for text in ["type", "title", "detail"] {
        assert!(
            reply.body[text].as_str().is_some_and(|text| !text.is_empty()),
            "{context}"
        );
    }
    assert_eq!(
        reply.headers.contains_key("www-authenticate"),
        status == 401,
        "{context}"
    );
    let template = documented_path(path);
    let responses = &DOCUMENT["paths"][template][method.as_str().to_lowercase()]["responses"];
    let examples = &responses[status.to_string()]["content"]["application/problem+json"]["examples"];
    assert!(
        examples.get(code).is_some(),
        "{code} is not documented for {method} {template}"
    );
}

/// The path as the document writes it, with `{…}` in place of ids. Of two that fit, the one with fewer ids is meant.
fn documented_path(path: &str) -> &'static str {
    let given: Vec<_> = path.split('?').next().unwrap().split('/').collect();
    let fits = |template: &&String| {
        let segments: Vec<_> = template.split('/').collect();
        segments.len() == given.len()
            && segments
                .iter()
                .zip(&given)
                .all(|(segment, given)| segment.starts_with('{') || segment == given)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap().keys();
    let found = paths
        .filter(fits)
        .min_by_key(|template| template.matches('{').count());
    found.unwrap_or_else(|| panic!("{path} is not documented"))
}

/// Sends a request with this body, and asserts that the API refuses it with this status, code and field.
pub(crate) async fn refuses(
    caller: &Caller,
    method: Method,
    path: &str,
    body: impl Into<reqwest::Body>,
    (status, code, field): (u16, &str, &str),
) {
    let reply = send(caller, method.clone(), path, body).await;
    assert_refused(&method, path, &reply, status, code, field);
}
