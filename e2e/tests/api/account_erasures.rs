//! Erasing an account, by the backend.
//!
//! Proves (guarantees): an account is erased, whatever it has, and others keep what is theirs

use e2e::client::Caller;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::state::{connect, key};
use e2e::system::{MANAGE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::{Value, json};

use crate::fixture::{API_KEYS, ENDPOINTS, EVENTS, PORTAL_SESSIONS};

const PATH: &str = "/api/accounts/org_2test";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_with_all_that_is_kept_of_it() {
    let mut system = System::start().await;
    let receiver = Receiver::start().await;
    let (customer, manager) = (system.customer(), system.caller(MANAGE_KEY));
    let none = json!({"accountId": "org:org_2test", "erasure": null});
    assert_eq!(manager.get(PATH).await.expect(200).body, none);

    let other = system.customer_of("org_2other");
    let theirs = other.create_endpoint(&receiver.url("/theirs"), &["*"]).await;
    let mine = customer.create_endpoint(&receiver.url("/mine"), &["*"]).await.id;
    customer.create_endpoint(&receiver.url("/fails"), &["*"]).await;
    receiver.always("/fails", Answer::status(500));
    let key_made = customer
        .post(API_KEYS, &json!({"name": "mine", "scopes": ["endpoints:read"]}))
        .await
        .expect(201)
        .body;
    let program = system.caller(key_made["key"].as_str().unwrap());
    let embedded = system.portal("write").await;
    let _reply = embedded.get(ENDPOINTS).await.expect(200);
    for _ in 0..20 {
        system
            .backend()
            .push(
                system.account(),
                "lead.captured",
                json!({"email": "maria@example.com"}),
            )
            .await;
    }
    receiver.wait_for_at("/mine", 20).await;
    receiver.wait_for_at("/fails", 1).await;

    // While workers are away nothing goes on, and everything is refused.
    for mut worker in system.workers.drain(..) {
        worker.kill9();
    }
    for _ in 0..2 {
        let begun = manager.delete(PATH).await.expect(202).body;
        assert_eq!(begun["erasure"]["status"], "endpoints", "{begun}");
        assert_eq!(begun["erasure"]["endedAt"], Value::Null);
    }
    assert_all_refused(&system, &program, &embedded, &mine).await;

    // Workers that die all the time get it done together.
    for _ in 0..3 {
        system.add_worker();
        system.wait_ready().await;
        system.workers.pop().unwrap().kill9();
    }
    system.add_worker();
    let erased = eventually(LONG, "the account to be erased", async || {
        let body = manager.get(PATH).await.expect(200).body;
        check(body["erasure"]["status"] == "erased", body.to_string())?;
        Ok(body)
    })
    .await;
    assert_eq!(erased["erasure"]["endpoints"], 2);
    assert!(erased["erasure"]["endedAt"].is_string(), "{erased}");
    let keys: Vec<String> = connect(&system.redis).keys(key("*org_2test*")).unwrap();
    let sessions: Vec<String> = connect(&system.redis).keys(key("portal:*")).unwrap();
    assert_eq!(sessions, Vec::<String>::new());
    let left: Vec<&String> = keys.iter().filter(|name| !name.contains(":calls")).collect();
    assert_eq!(left, [&key("account:org:org_2test:erasure")]);
    let checked = tokio::task::block_in_place(|| {
        Process::run("webhooksctl", &["check", "--redis-url", &system.redis.url()], &[])
    });
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );

    // Others keep what is theirs. Who was erased begins anew.
    receiver.wait_for_at("/theirs", 1).await;
    assert_eq!(
        other.get(ENDPOINTS).await.expect(200).body["endpoints"][0]["id"],
        theirs.id
    );
    assert_eq!(
        customer.get(ENDPOINTS).await.expect(200).body["endpoints"],
        json!([])
    );
    assert_eq!(program.get(ENDPOINTS).await.status, 401);
    assert_eq!(embedded.get(ENDPOINTS).await.code(), "invalid_portal_session");
    customer.create_endpoint(&receiver.url("/anew"), &["*"]).await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for_at("/anew", 1).await;
    system.stop();
}

/// Every call for the account is refused, and every event.
async fn assert_all_refused(system: &System, program: &Caller, embedded: &Caller, endpoint: &str) {
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let refusals = [
        system.customer().get(ENDPOINTS).await,
        system.customer().get(&format!("{ENDPOINTS}/{endpoint}")).await,
        program.get(ENDPOINTS).await,
        embedded.get(ENDPOINTS).await,
        system
            .caller(MANAGE_KEY)
            .post(
                PORTAL_SESSIONS,
                &json!({"accountId": system.account(), "access": "read"}),
            )
            .await,
        system.caller(MANAGE_KEY).get(&format!("{PATH}/pause")).await,
        system
            .caller(MANAGE_KEY)
            .put(&format!("{PATH}/limits"), &json!({}))
            .await,
        system.backend().post(EVENTS, &event).await,
    ];
    for refused in refusals {
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("account_being_erased")),
            "{}",
            refused.text
        );
    }
    // In a batch it is that account's events alone.
    let mut others = event.clone();
    others["accountId"] = json!("org_2other");
    let results = system
        .backend()
        .post(&format!("{EVENTS}/batch"), &json!({"events": [event, others]}))
        .await
        .expect(202)
        .body;
    assert_eq!(results["results"][0]["error"]["code"], "account_being_erased");
    assert_eq!(results["results"][1]["status"], 202);
}
