//! An API with another `SECRETS_KEY` than the store's would make endpoints whose secrets no worker can open. It isn't ready, and says why.
//!
//! Proves (security): An API with a wrong `SECRETS_KEY`

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::state::{connect, key};
use e2e::system::{System, secrets_key};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::json;

fn keys(bytes: &[u8]) -> String {
    let keys: Vec<_> = bytes.iter().map(|byte| secrets_key(*byte)).collect();
    keys.join(",")
}

/// One more API, with these keys, and somebody who calls it.
fn start(system: &System, bytes: &[u8]) -> (Process, Caller) {
    let mut environment = system.environment.clone();
    let listen = format!("127.0.0.1:{}", free_port());
    for (name, value) in [
        ("API_LISTEN", listen.clone()),
        ("API_ADMIN_LISTEN", format!("127.0.0.1:{}", free_port())),
        ("SECRETS_KEY", keys(bytes)),
    ] {
        environment.push((name.to_owned(), value));
    }
    let caller = system.customer().at(&format!("http://{listen}"));
    (Process::start("webhooks-api", &environment), caller)
}

/// Waits until it answers at `/readyz` with this status; what it says.
async fn says(caller: &Caller, status: u16) -> String {
    eventually(LONG, "readiness", async || {
        let asked = Caller::try_send(caller.request(reqwest::Method::GET, "/readyz")).await;
        let reply = asked.map_err(|error| error.to_string())?;
        check(reply.status == status, reply.text.clone())?;
        Ok(reply.text)
    })
    .await
}

async fn is_refused(system: &System, bytes: &[u8]) {
    let (mut api, caller) = start(system, bytes);
    let said = says(&caller, 503).await;
    assert!(said.contains("SECRETS_KEY: it isn't the key"), "{said}");
    let refused = caller.get("/api/webhooks-config").await;
    assert_eq!((refused.status, refused.code()), (503, "store_unavailable"));
    assert!(api.log().contains("SECRETS_KEY: it isn't the key"));
    assert!(api.terminate().success());
}

async fn is_ready(system: &System, bytes: &[u8]) {
    let (mut api, caller) = start(system, bytes);
    says(&caller, 200).await;
    assert!(api.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_with_another_key_than_the_stores_is_not_ready() {
    let mut system = System::builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    // Nothing is sealed yet, and the key is known all the same.
    is_refused(&system, &[8]).await;
    let endpoint = system
        .customer()
        .create_endpoint(&receiver.url("/"), &["*"])
        .await;
    is_refused(&system, &[8, 9]).await;
    // A key that comes or goes: whoever has the store's is ready.
    is_ready(&system, &[8, 7]).await;
    is_ready(&system, &[7, 8]).await;

    // A store of a release that kept no such value: what is sealed there tells it, and a wrong key doesn't become the right one.
    let (mut redis, kept) = (connect(&system.redis), key("secrets_key"));
    let known: String = redis.get(&kept).unwrap();
    let _: () = redis.del(&kept).unwrap();
    is_refused(&system, &[8]).await;
    assert!(!redis.exists::<_, bool>(&kept).unwrap());
    is_ready(&system, &[7]).await;
    assert_eq!(redis.get::<_, String>(&kept).unwrap(), known);

    // The right one is lost for good, and an operator says so: a program that waits goes on by itself.
    let (mut api, caller) = start(&system, &[8]);
    says(&caller, 503).await;
    let environment = [
        ("REDIS_URL".to_owned(), system.redis.url()),
        ("SECRETS_KEY".to_owned(), keys(&[8])),
    ];
    let accepted = Process::run("webhooksctl", &["secrets", "accept"], &environment);
    assert!(accepted.status.success(), "{accepted:?}");
    says(&caller, 200).await;
    // What that key sealed is lost, and gets a successor.
    let path = format!("/api/webhooks-config/{}/rotate-secret", endpoint.id);
    let rotated = caller.post(&path, &json!({"graceHours": 0})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let mut worker_environment = system.environment.clone();
    worker_environment.push(("SECRETS_KEY".to_owned(), keys(&[8])));
    worker_environment.push(("WORKER_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
    let mut worker = Process::start("webhooks-worker", &worker_environment);
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for(1).await;
    assert!(worker.terminate().success() && api.terminate().success());
    is_refused(&system, &[7]).await;
    system.stop();
}
