//! Neighbours that take what is shared: how much later does an endpoint get its events? `neighbours`.
//!
//! - *fresh ones hang*: 400 new endpoints of another account, at as many hosts as it likes, get an event each and hang.
//! - *signatures examined*: another account has long bodies examined, again and again. Its callers are [`Outsiders`].
//! - *budget full*: a second endpoint of the same account hangs, and what waits for it has filled the account's budget: each event makes
//!   room for itself.

use bytes::Bytes;
use e2e::client::Caller;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use tokio::task::JoinSet;

use super::Setting;
use super::outsiders::Outsiders;
use super::steady::{RATE, Steady};
use crate::child::ReceiverServer;
use crate::load::{Events, at_rate, chatbot};
use crate::measured::Measured;
use crate::subject::{ORGANISATION, Subject, account};

/// The organisation that takes what is shared.
pub(super) const GREEDY: &str = "org_2greedy";

/// Its endpoints that hang.
pub(super) const FRESH: u32 = 400;

/// What an event of 600 bytes is charged.
const CHARGE: u32 = 856;

/// How many such events fill the account's budget: so many that a pause of the whole machine isn't taken for a receiver that is behind.
const BUDGET: u32 = 10 * RATE;

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(20 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    let events = events(setting);
    format!(
        "{events} events of 600 bytes, {RATE} a second, to 1 endpoint, beside neighbours that take what is shared"
    )
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let is_full = variant == "budget full";
    let mut subject = Subject::webhooks(|builder| {
        // What hangs has the bound that the others are measured beside.
        let builder = builder
            .env("MAX_ENDPOINTS_PER_ACCOUNT", "1000")
            .worker_env("DESTINATION_CONCURRENCY", "64");
        let builder = if is_full {
            builder.env("ACCOUNT_BUDGET_BYTES", (CHARGE * BUDGET).to_string())
        } else {
            builder
        };
        if setting.brief {
            builder.env("DELIVERY_TIMEOUT", "1s")
        } else {
            builder
        }
    })
    .await;
    let mut measured = Measured::default();
    let steady = Steady::instant(&subject, &receiver, events(setting)).await;
    steady.warm_up(&mut measured).await;

    let mut greedy = None;
    match variant {
        "fresh ones hang" => {
            let url = |number| receiver.url(&format!("/hang/{number}"));
            take_slots(&subject, url, &mut measured).await;
        }
        "signatures examined" => greedy = Some(examine(&mut subject, &receiver).await),
        "budget full" => {
            subject
                .add_endpoint(ORGANISATION, &receiver.url("/hang/0"), None)
                .await;
            steady.go_before(BUDGET, 5 * RATE, 2, &mut measured).await;
        }
        _ => {}
    }
    let course = steady.run(&subject).await;
    if let Some(greedy) = greedy {
        greedy.leave().await;
    }
    measured.count("hanging: requests", receiver.counts("/hang/").await.requests);
    course.tell(&subject, if is_full { 2 } else { 1 }, &mut measured);
    subject.stop();
    measured
}

/// Four events, each to a quarter of the endpoints that hang, which have these URLs.
pub(super) async fn take_slots(subject: &Subject, url: impl Fn(u32) -> String, measured: &mut Measured) {
    let urls: Vec<_> = (0..FRESH)
        .map(|number| (url(number), Some(chatbot(number % 4))))
        .collect();
    subject.add_endpoints(GREEDY, &urls).await;
    let load = Events {
        chatbots: 4,
        ..Events::of(&account(GREEDY), 600)
    };
    let pushed = at_rate(&subject.target(), &load, 0..4, RATE).await;
    measured.hold_pushed(&pushed, 4, u64::from(FRESH / 4));
}

/// Four callers have as long a body as may be examined, as often as they are answered.
async fn examine(subject: &mut Subject, receiver: &ReceiverServer) -> Outsiders {
    let system = subject.system();
    let endpoint = system
        .customer_of(GREEDY)
        .create_endpoint(&receiver.url("/instant/greedy"), &["*"])
        .await;
    let path = format!("/api/webhooks-config/{}/verify", endpoint.id);
    let body = json!({"headers": {"X-RKT-Signature": "0".repeat(64)}, "body": "b".repeat(300_000)});
    let body = Bytes::from(body.to_string());
    let customers: Vec<Caller> = (0..4).map(|_| system.customer_of(GREEDY)).collect();
    Outsiders::come(move || async move {
        let callers: JoinSet<()> = customers
            .into_iter()
            .map(|customer| ask_again_and_again(customer, path.clone(), body.clone()))
            .collect();
        callers.join_all().await;
    })
}

async fn ask_again_and_again(customer: Caller, path: String, body: Bytes) {
    loop {
        let request = customer.request(Method::POST, &path);
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone());
        Caller::send(request).await;
    }
}
