//! SIGHUP: files with keys and certificates are read again while the programs serve. What is wrong in them changes nothing.
//!
//! Proves (security): A key or a certificate that is replaced while the programs run

use std::path::{Path, PathBuf};

use e2e::clerk::{Claims, SigningKey};
use e2e::process::Process;
use e2e::receiver::{Receiver, TestCa};
use e2e::redis_server::RedisServer;
use e2e::system::{SERVICE_KEY, System, secrets_key};
use e2e::temp_dir::TempDir;
use e2e::tls_proxy::TlsProxy;
use e2e::wait::{LONG, check, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A file that a variable names.
struct Kept(PathBuf);

impl Kept {
    fn new(dir: &TempDir, name: &str, text: &str) -> Self {
        let kept = Self(dir.path().join(name));
        kept.write(text);
        kept
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }

    fn value(&self) -> String {
        format!("@{}", self.0.display())
    }
}

/// How often a program has said this.
fn said(process: &Process, what: &str) -> usize {
    process.log().matches(what).count()
}

/// Sends SIGHUP, and waits until the program says this once more.
async fn reload(process: &mut Process, outcome: &str) {
    let before = said(process, outcome);
    let pid = Pid::from_raw(process.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    eventually(LONG, outcome, async || {
        check(said(process, outcome) > before, process.log())
    })
    .await;
    assert!(process.is_running());
}

const DONE: &str = "asked to read files again";

fn entry(key: &str) -> String {
    let id = key.split('_').nth(1).unwrap();
    format!("{id}:{}", hex::encode(Sha256::digest(key)))
}

#[tokio::test(flavor = "multi_thread")]
async fn service_keys_and_the_key_of_session_tokens_are_replaced() {
    let (dir, clerk, other) = (
        TempDir::new("keys"),
        SigningKey::generate("a"),
        SigningKey::generate("b"),
    );
    let keys = Kept::new(&dir, "service-keys", &entry(SERVICE_KEY));
    let pem = Kept::new(&dir, "clerk.pem", clerk.public_pem());
    let mut system = System::builder()
        .workers(0)
        .api_env("SERVICE_KEYS", keys.value())
        .api_env("CLERK_JWT_KEY", pem.value())
        .start()
        .await;
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "c", "data": {}});
    let next = "whk_next_bmV4dC1rZXktb2YtdGVzdHM";
    let (old, new) = (system.caller(SERVICE_KEY), system.caller(next));
    let token = |key: &SigningKey| Claims::v2("user_2test", Some("org_2test")).sign(key);
    let (signed, signed_anew) = (system.caller(&token(&clerk)), system.caller(&token(&other)));
    let pushes = async || {
        let pushed = [
            old.post("/api/events", &event).await,
            new.post("/api/events", &event).await,
        ];
        pushed.map(|reply| reply.status)
    };
    let looks = async || {
        let path = "/api/webhooks-config";
        [signed.get(path).await.status, signed_anew.get(path).await.status]
    };
    assert_eq!((pushes().await, looks().await), ([202, 401], [200, 401]));

    keys.write(&format!("{}\n{}\n", entry(SERVICE_KEY), entry(next)));
    pem.write(other.public_pem());
    assert_eq!(pushes().await, [202, 401], "nobody asked yet");
    reload(&mut system.api, DONE).await;
    assert_eq!((pushes().await, looks().await), ([202, 202], [401, 200]));

    // All or nothing: the good file beside the wrong one isn't taken either.
    keys.write(&entry(next));
    pem.write("hunter2");
    reload(
        &mut system.api,
        "all stays as it was: CLERK_JWT_KEY: must be an RSA public key",
    )
    .await;
    pem.write(other.public_pem());
    keys.write("hunter2");
    reload(&mut system.api, "all stays as it was: SERVICE_KEYS: the file").await;
    std::fs::remove_file(&keys.0).unwrap();
    reload(&mut system.api, "can't be read").await;
    assert_eq!((pushes().await, looks().await), ([202, 202], [401, 200]));
    assert!(!system.api.log().contains("hunter2"));

    keys.write(&entry(next));
    reload(&mut system.api, DONE).await;
    assert_eq!(pushes().await, [401, 202]);
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secrets_key_takes_over_in_both_programs_without_a_restart() {
    let dir = TempDir::new("secrets");
    let file = Kept::new(&dir, "secrets-key", &secrets_key(7));
    let (mut system, receiver, _) = System::builder()
        .env("SECRETS_KEY", file.value())
        .start_with_hook()
        .await;
    // One that the store doesn't know is refused.
    file.write(&secrets_key(9));
    let refused = "all stays as it was: SECRETS_KEY: it isn't the key";
    reload(&mut system.api, refused).await;
    reload(&mut system.workers[0], refused).await;
    // Workers first: they have to open what the API seals.
    file.write(&format!("{}\n{}", secrets_key(8), secrets_key(7)));
    reload(&mut system.workers[0], DONE).await;
    reload(&mut system.api, DONE).await;
    system
        .customer()
        .create_endpoint(&receiver.url("/anew"), &["*"])
        .await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for_at("/hook", 1).await;
    receiver.wait_for_at("/anew", 1).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_files_says_so_and_goes_on() {
    let (mut system, receiver, _) = System::start_with_hook().await;
    reload(&mut system.api, DONE).await;
    reload(&mut system.workers[0], DONE).await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for_at("/hook", 1).await;
    system.finish().await;
}

fn copy(from: &(PathBuf, PathBuf), to: &(PathBuf, PathBuf)) {
    std::fs::copy(&from.0, &to.0).unwrap();
    std::fs::copy(&from.1, &to.1).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_to_redis_have_the_certificates_that_were_read_last() {
    let (server, ca, other) = (RedisServer::start(), TestCa::new(), TestCa::new());
    let proxy = TlsProxy::start(server.address(), &ca).await;
    let (good, of_another, dir) = (
        ca.client_files("good"),
        other.client_files("other"),
        TempDir::new("tls"),
    );
    let used = (dir.path().join("client.pem"), dir.path().join("client.key"));
    copy(&good, &used);
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let receiver = Receiver::start().await;
    let mut system = System::builder()
        .on(server)
        .env("REDIS_URL", proxy.url())
        .env("REDIS_CA_FILE", path(&ca.pem_file()))
        .env("REDIS_CERT_FILE", path(&used.0))
        .env("REDIS_KEY_FILE", path(&used.1))
        .start()
        .await;
    system
        .customer()
        .create_endpoint(&receiver.url("/hook"), &["*"])
        .await;

    std::fs::write(&used.0, "no certificate").unwrap();
    for process in [&mut system.api, &mut system.workers[0]] {
        reload(process, "all stays as it was: REDIS_CERT_FILE: the file").await;
    }
    // Those of another authority are certificates, so they are taken: connections go on, and new ones are refused.
    copy(&of_another, &used);
    for process in [&mut system.api, &mut system.workers[0]] {
        reload(process, DONE).await;
    }
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for_at("/hook", 1).await;
    let refused = proxy.refused();
    system.redis.restart();
    eventually(LONG, "new connections to be refused", async || {
        check(proxy.refused() > refused + 2, "they are let in")
    })
    .await;
    copy(&good, &used);
    for process in [&mut system.api, &mut system.workers[0]] {
        reload(process, DONE).await;
    }
    system.wait_ready().await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for_at("/hook", 2).await;
    system.finish().await;
}
