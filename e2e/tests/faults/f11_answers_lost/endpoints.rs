//! Calls about one endpoint: rotation, test events, the signature doctor, health and the summary.

use domain::signing::SigningSecret;
use e2e::fault_proxy::{Cut, SCRIPT};
use e2e::receiver::Received;
use e2e::state::assert_nothing_left;
use serde_json::{Value, json};

use super::{event, with_api_behind_proxy};

/// Whether a secret made one of the signatures of the standard.
fn is_signed_with(request: &Received, secret: &str) -> bool {
    let secret = SigningSecret::parse(secret).unwrap();
    let timestamp = request.expect_header("webhook-timestamp").parse().unwrap();
    let wanted = secret.standard_signature(request.expect_header("webhook-id"), timestamp, &request.body);
    let mut given = request.expect_header("webhook-signature").split(' ');
    given.any(|given| given == wanted)
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_call_about_an_endpoint() {
    let (mut scene, proxy) = with_api_behind_proxy().await;
    let customer = scene.system.customer();
    let endpoint = scene.endpoints[0].id.clone();
    let path = |rest: &str| format!("/api/webhooks-config/{endpoint}/{rest}");
    let (rotate, test, verify) = (path("rotate-secret"), path("test"), path("verify"));
    let summary = "/api/webhooks-summary";
    // Each call once without a fault, so that every script is loaded.
    let no_grace = json!({"graceHours": 0});
    let first = customer.post(&rotate, &no_grace).await.expect(200).body;
    let sent = customer.post(&test, &json!({})).await.expect(200).body;
    assert_eq!(sent["succeeded"], true);
    let at_a_glance = customer.get(summary).await.expect(200).body;
    let health = customer.endpoint(&endpoint).await;
    let request = scene.receiver.received().remove(0);
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let received = json!({"headers": headers, "body": String::from_utf8(request.body.to_vec()).unwrap()});
    let diagnosis = customer.post(&verify, &received).await.expect(200).body;
    assert_eq!(diagnosis["valid"], true, "{diagnosis}");

    let mut cuts = 0;
    let mut lose = |command: &'static str, nth: usize| {
        cuts += 1;
        proxy.cut(Cut::answer_of(command).nth(nth));
        cuts
    };
    let happened = |count: usize| assert_eq!(proxy.counters().answers_cut, count);

    // Calls that only read answer the same.
    for nth in [1, 2] {
        let count = lose(SCRIPT, nth);
        assert_eq!(customer.get(summary).await.expect(200).body, at_a_glance);
        happened(count);
    }
    let count = lose(SCRIPT, 1);
    assert_eq!(customer.endpoint(&endpoint).await, health);
    happened(count);
    // The doctor reads the secrets and the event.
    for nth in [1, 2] {
        let count = lose("HMGET", nth);
        assert_eq!(
            customer.post(&verify, &received).await.expect(200).body,
            diagnosis
        );
        happened(count);
    }

    // A test event looks for the endpoint, asks, waits and reads the log; whichever answer is lost, it is sent once, and the caller learns the result.
    let mut tests = 1;
    for (command, nth) in [(SCRIPT, 1), (SCRIPT, 2), ("BLPOP", 1), ("XRANGE", 1)] {
        let count = lose(command, nth);
        let answer = customer
            .post(&test, &json!({"event": "ticket.created"}))
            .await
            .expect(200)
            .body;
        happened(count);
        tests += 1;
        assert_eq!(answer["succeeded"], true, "{command} {nth}: {answer}");
        let requests = scene.receiver.received();
        assert_eq!(requests.len(), tests, "{command} {nth}");
        assert_eq!(
            answer["deliveryId"],
            requests[tests - 1].expect_header("x-rkt-delivery")
        );
    }

    // A change of headers reads the endpoint's URL, and is made once.
    let version = || -> u32 { scene.redis(&["HGET", &format!("wh:{{0}}:endpoint:{endpoint}"), "version"]) };
    for nth in [1, 2] {
        let before = version();
        let count = lose(SCRIPT, nth);
        let change = json!({"headers": {"x-own": nth.to_string()}});
        let path = format!("/api/webhooks-config/{endpoint}");
        let changed = customer.patch(&path, &change).await.expect(200).body;
        happened(count);
        assert_eq!((&changed["headers"], version()), (&json!(["x-own"]), before + 1));
    }

    // A rotation is made once: the secret in the answer signs, and so does the previous one.
    let before = version();
    let count = lose(SCRIPT, 1);
    let second = customer.post(&rotate, &json!({})).await.expect(200).body;
    happened(count);
    assert_eq!(version(), before + 1);
    let refused = customer.post(&rotate, &json!({})).await;
    assert_eq!((refused.status, refused.code()), (409, "rotation_in_progress"));
    let pushed = scene
        .system
        .backend()
        .post("/api/events", &event(scene.system.account(), 1))
        .await;
    assert_eq!(pushed.status, 202, "{}", pushed.text);
    scene.receiver.wait_for(tests + 2).await;
    assert_nothing_left(&scene.system.redis).await;
    let delivered = scene.receiver.received_at("/one").pop().unwrap();
    assert_eq!(delivered.header("x-own"), Some("2"));
    for secret in [&first["secret"], &second["secret"]] {
        assert!(is_signed_with(&delivered, secret.as_str().unwrap()));
    }
    scene.system.stop();
}
