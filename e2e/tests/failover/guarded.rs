//! Servers with the shipped access list, and TLS everywhere: the programs log in at servers and sentinels with rights of their own.
//!
//! Proves (security): Least rights

use std::net::SocketAddr;

use e2e::client::{Caller, Pushed};
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::{Receiver, TestCa};
use e2e::redis_server::{RedisServer, oldest_program, shipped_users_with};
use e2e::sentinels::{NAME, Sentinels};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;

use crate::scene::{ask, has_everything, in_step};

/// The access list with the users of replicas and sentinels.
fn users() -> String {
    shipped_users_with(&["nodes.acl", "sentinels.acl"])
}

/// An event that is repeated until it is accepted.
async fn push(system: &System, key: &str) -> Pushed {
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    eventually(LONG, "the event to be accepted", async || {
        let request = system.backend().request(Method::POST, "/api/events");
        let reply = Caller::send(request.header("idempotency-key", key).json(&event)).await;
        check(reply.status == 202, reply.text.clone())?;
        Ok(Pushed {
            id: reply.body["id"].as_str().unwrap().to_owned(),
            deliveries: reply.body["deliveries"].as_u64().unwrap(),
        })
    })
    .await
}

/// The files of a server's certificate.
struct Certificate {
    authority: String,
    certificate: String,
    key: String,
}

impl Certificate {
    fn of(ca: &TestCa) -> Self {
        let [certificate, key] = ca
            .server_files(&["127.0.0.1"])
            .map(|path| path.display().to_string());
        Self {
            authority: ca.pem_file().display().to_string(),
            certificate,
            key,
        }
    }

    /// What a server and a sentinel have to be told, without dashes.
    fn settings(&self, port: &str) -> Vec<String> {
        vec![
            format!("tls-port {port}"),
            format!("tls-cert-file {}", self.certificate),
            format!("tls-key-file {}", self.key),
            format!("tls-ca-cert-file {}", self.authority),
            "tls-auth-clients no".to_owned(),
            "tls-replication yes".to_owned(),
        ]
    }
}

/// A server that speaks TLS at this port, on the oldest program that is supported. (The harness itself asks without.)
fn server(certificate: &Certificate, port: u16, more: &[&str]) -> RedisServer {
    let mut settings = certificate.settings(&port.to_string());
    let others = [
        "masteruser replica",
        "masterauth of-replica",
        "repl-diskless-sync-delay 0",
    ];
    settings.extend(others.iter().chain(more).map(|line| (*line).to_owned()));
    let arguments: Vec<String> = settings
        .iter()
        .flat_map(|line| {
            format!("--{line}")
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    tokio::task::block_in_place(|| RedisServer::start_guarded_with(&oldest_program(), &arguments, users()))
}

/// Three sentinels that speak TLS, log in at the servers, and let the programs ask for the primary and nothing else.
fn sentinels(certificate: &Certificate, primary: u16) -> Sentinels {
    let mut lines = certificate.settings("{port}");
    lines.extend([
        format!("sentinel auth-user {NAME} sentinel"),
        format!("sentinel auth-pass {NAME} of-sentinel"),
        "user programs on >of-programs +sentinel|get-master-addr-by-name +sentinel|master".to_owned(),
    ]);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let at = SocketAddr::from(([127, 0, 0, 1], primary));
    tokio::task::block_in_place(|| Sentinels::start_on(&oldest_program().path, at, 1, &lines))
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_and_least_rights_they_go_on_with_the_replica() {
    let ca = TestCa::new();
    let certificate = Certificate::of(&ca);
    let ports = [free_port(), free_port()];
    let primary = server(&certificate, ports[0], &[]);
    let replica = server(
        &certificate,
        ports[1],
        &[&format!("replicaof 127.0.0.1 {}", ports[0])],
    );
    // In the field users have the same password everywhere; the harness gives each server its own.
    for user in ["api", "worker"] {
        let password = format!(">{}", primary.password(user));
        let _: () = ask(&replica, &["ACL", "SETUSER", user, &password]);
    }
    in_step(&replica).await;
    let sentinels = sentinels(&certificate, ports[0]);
    let [api, worker] = ["api", "worker"].map(|user| sentinels.tls_url(user, &primary.password(user)));
    let mut system = System::builder()
        .on(primary)
        .env("REDIS_CA_FILE", &certificate.authority)
        .env("SENTINEL_USER", "programs")
        .env("SENTINEL_PASSWORD", "of-programs")
        .api_env("REDIS_URL", api)
        .worker_env("REDIS_URL", worker.clone())
        .start()
        .await;
    let receiver = Receiver::start().await;
    system
        .customer()
        .create_endpoint(&receiver.url("/hook"), &["*"])
        .await;
    push(&system, "before").await;
    receiver.wait_for(1).await;

    // A replica that copies everything anew has nothing.
    in_step(&replica).await;
    has_everything(&replica, &system.redis).await;
    system.redis.kill9();
    let after = push(&system, "after").await;
    eventually(LONG, "the event after the failover", async || {
        let received = receiver.received();
        let came = received
            .iter()
            .any(|one| one.expect_header("webhook-id") == after.id);
        check(came, format!("{} came", received.len()))
    })
    .await;
    let environment = [
        ("REDIS_URL", worker.as_str()),
        ("REDIS_CA_FILE", &certificate.authority),
        ("SENTINEL_USER", "programs"),
        ("SENTINEL_PASSWORD", "of-programs"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let shown = tokio::task::block_in_place(|| Process::run("webhooksctl", &["store", "show"], &environment));
    assert!(
        shown.status.success(),
        "{}",
        String::from_utf8_lossy(&shown.stderr)
    );
    let refused: Vec<redis::Value> = ask(&replica, &["ACL", "LOG"]);
    assert!(refused.is_empty(), "the replica refused something: {refused:?}");
    system.stop();
}
