//! The life of an endpoint, told through the client that progenitor makes from openapi/openapi.json; see e2e/tests/client.

mod receiver;

#[allow(clippy::all, dead_code, reason = "generated")]
mod api {
    include!(concat!(env!("OUT_DIR"), "/client.rs"));
}

use std::time::{Duration, Instant};

use api::types::{
    AttemptOutcome, ChangeEndpoint, CountReplay, CreateEndpoint, EndedAs, EndpointDetailLastAttempt, EndpointState, PushEvent,
    SendTestEvent,
};
use api::{Client, Error};
use reqwest::header::{AUTHORIZATION, HeaderMap};

use crate::receiver::Receiver;

type Failure = Box<dyn std::error::Error>;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// A client that sends this token.
fn client_with(token: &str) -> Result<Client, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {}", variable(token)).parse()?);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    Ok(Client::new_with_client(&variable("API_URL"), http))
}

/// The status of a call that was refused.
fn refused<T, E>(answer: Result<T, Error<E>>) -> Option<u16> {
    answer.err().and_then(|error| error.status()).map(|status| status.as_u16())
}

async fn life() -> Result<(), Failure> {
    let (dashboard, backend) = (client_with("DASHBOARD_TOKEN")?, client_with("SERVICE_KEY")?);
    let receiver = Receiver::start()?;
    let new = |url: &str| -> Result<CreateEndpoint, Failure> {
        Ok(CreateEndpoint {
            active: None,
            auto_resume: None,
            chatbot_id: None,
            chatbot_ids: Default::default(),
            description: Some("Leads to the CRM".parse()?),
            events: vec!["lead.captured".to_owned().into()],
            filters: Default::default(),
            headers: Default::default(),
            rate_limit: None,
            secret: None,
            url: url.parse()?,
        })
    };
    let created = dashboard.create_endpoint(None, &new(&receiver.url)?).await?.into_inner();
    assert!(created.secret.starts_with("whsec_"));
    let list = dashboard.list_endpoints(None, None, None, None, None, None, None).await?.into_inner().endpoints;
    assert_eq!((list.len(), list[0].id.as_str()), (1, created.id.as_str()));
    assert_eq!(refused(dashboard.create_endpoint(None, &new("ftp://example.com")?).await), Some(422));
    println!("✓ an endpoint was created and listed");

    let event: PushEvent = serde_json::from_value(serde_json::json!({
        "accountId": variable("ACCOUNT_ID"),
        "event": "lead.captured",
        "chatbotId": "bot_1",
        "data": { "leadId": "first" },
    }))?;
    assert_eq!(backend.push_event(None, None, &event).await?.deliveries, 1);
    let deadline = Instant::now() + Duration::from_secs(30);
    let last = loop {
        let detail = dashboard.get_endpoint(&created.id).await?.into_inner();
        if let EndpointDetailLastAttempt::Variant0(last) = detail.last_attempt {
            break last;
        }
        assert!(Instant::now() < deadline, "no attempt was told");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(last.succeeded);
    println!("✓ an event was delivered");

    receiver.answers(500);
    let wanted = SendTestEvent { event: Some("ticket.created".to_owned().into()) };
    let tested = dashboard.send_test_event(&created.id, &wanted).await?.into_inner();
    assert!(!tested.succeeded && tested.attempt.outcome == AttemptOutcome::Exhausted);
    receiver.answers(200);
    let page = dashboard
        .list_deliveries(&created.id, None, None, None, None, None, None)
        .await?;
    assert_eq!(page.deliveries.len(), 2);
    let counted = CountReplay {
        since: created.created_at,
        status: Some(EndedAs::Succeeded),
        until: None,
        undelivered: None,
        events: None,
    };
    assert_eq!(dashboard.count_replay(&created.id, &counted).await?.matching, 1);
    println!("✓ a test event failed, and the log tells of both");

    let change: ChangeEndpoint = serde_json::from_value(serde_json::json!({ "id": created.id, "active": false }))?;
    assert_eq!(dashboard.change_endpoint(None, None, &change).await?.state, EndpointState::Off);
    dashboard.remove_endpoint(&created.id, None).await?;
    assert_eq!(refused(dashboard.get_endpoint(&created.id).await), Some(404));
    println!("✓ it was removed");
    Ok(())
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(life())
}
