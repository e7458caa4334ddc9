//! A wrong configuration, or a Redis that would lose events, stops the API's start with one sentence.

use std::net::TcpListener;

use e2e::client::Caller;
use e2e::namespaces::{run, run_apart};
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::system::{SERVICE_KEY, System};
use serde_json::json;

use crate::fixture::api;

fn sentence(environment: &[(String, String)]) -> String {
    let output = Process::run("webhooks-api", &[], environment);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let printed = String::from_utf8(output.stderr).unwrap();
    // Log lines may stand before it.
    printed.lines().last().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_in_one_sentence() {
    let mut system = api().await;
    let mut environment = system.environment.clone();
    environment.push(("API_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
    let taken = system.api.variable("API_LISTEN").unwrap().to_owned();
    let url = system.redis.url();
    for (name, value, start) in [
        (
            "API_LISTEN",
            taken.as_str(),
            "API_LISTEN: can't listen on 127.0.0.1:",
        ),
        ("API_LISTEN", "nowhere", "API_LISTEN: `nowhere` is not an address"),
        (
            "API_ADMIN_LISTEN",
            taken.as_str(),
            "API_ADMIN_LISTEN: can't listen on 127.0.0.1:",
        ),
        (
            "API_ADMIN_LISTEN",
            "3002",
            "API_ADMIN_LISTEN: `3002` is not an address and port",
        ),
        ("DRAIN_DELAY", "11m", "DRAIN_DELAY: must be at most 10m"),
        ("MAX_CONNECTIONS", "0", "MAX_CONNECTIONS: 0 is not in 1..=65536"),
        ("CORS_ORIGINS", "*", "CORS_ORIGINS: `*` is not an origin"),
        (
            "PORTAL_ORIGINS",
            "https://*.a",
            "PORTAL_ORIGINS: `https://*.a` must",
        ),
        (
            "CLERK_PUBLISHABLE_KEY",
            "hunter2",
            "CLERK_PUBLISHABLE_KEY: must be a publishable key of Clerk",
        ),
        (
            "CLERK_JWT_KEY",
            "",
            "CLERK_JWT_KEY, CLERK_JWKS_URL: one of the two must be set",
        ),
        (
            "CLERK_JWT_KEY",
            "@/no/such/file",
            "CLERK_JWT_KEY: the file `/no/such/file` can't be read",
        ),
        (
            "CLERK_JWT_KEY",
            "hunter2",
            "CLERK_JWT_KEY: must be an RSA public key",
        ),
        (
            "CLERK_JWKS_URL",
            "https://example.com/",
            "CLERK_JWT_KEY, CLERK_JWKS_URL: only one",
        ),
        ("SERVICE_KEYS", "hunter2", "SERVICE_KEYS: entry 1 must be"),
        (
            "SECRETS_KEY",
            "hunter2",
            "SECRETS_KEY: must be the base64 of 32 bytes",
        ),
        (
            "MAX_PAYLOAD_BYTES",
            "0",
            "MAX_PAYLOAD_BYTES: must be from 1KiB to 2MiB",
        ),
        (
            "ACK_DURABILITY",
            "tape",
            "ACK_DURABILITY: must be memory, aof, or replicas:N",
        ),
        ("ACK_DURABILITY", "replicas:0", "ACK_DURABILITY: must be"),
        ("ACK_DURABILITY", "replicas:101", "ACK_DURABILITY: must be"),
        ("DURABILITY_ASSUMED", "a\nb", "DURABILITY_ASSUMED: must be"),
        ("ALLOW_NETWORKS", "lan", "ALLOW_NETWORKS: `lan` is not a network"),
        ("REDIS_URL", "http://x", "REDIS_URL: must be redis://"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT: must be one of text, json"),
    ] {
        let mut environment = environment.clone();
        environment.push((name.to_owned(), value.to_owned()));
        let printed = sentence(&environment);
        assert!(
            printed.starts_with(start) && !printed.contains("hunter2"),
            "{printed}"
        );
    }
    help_names_the_variables_and_not(&url);
    system.stop();
}

#[tokio::test]
async fn a_wrong_receiver_of_traces_is_refused_likewise() {
    let mut system = api().await;
    for (name, value, start) in [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "127.0.0.1:4318",
            "OTEL_EXPORTER_OTLP_ENDPOINT: must be an address such as http://127.0.0.1:4318",
        ),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "hunter2",
            "OTEL_EXPORTER_OTLP_HEADERS: must be name=value",
        ),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf",
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "some",
            "OTEL_TRACES_SAMPLER: must be one of always_on",
        ),
    ] {
        let mut environment = system.environment.clone();
        environment.push((name.to_owned(), value.to_owned()));
        let printed = sentence(&environment);
        assert!(
            printed.starts_with(start) && !printed.contains("hunter2"),
            "{printed}"
        );
    }
    system.stop();
}

fn help_names_the_variables_and_not(secret: &str) {
    let help = Process::run("webhooks-api", &["--help"], &[]);
    let help = String::from_utf8(help.stdout).unwrap();
    for variable in [
        "API_LISTEN",
        "API_ADMIN_LISTEN",
        "MAX_CONNECTIONS",
        "DRAIN_DELAY",
        "CORS_ORIGINS",
        "PORTAL_ORIGINS",
        "CLERK_JWKS_URL",
        "CLERK_PUBLISHABLE_KEY",
        "SERVICE_KEYS",
        "REDIS_URL",
        "ACK_DURABILITY",
        "PARKED_BUDGET_BYTES",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ] {
        assert!(help.contains(variable), "{help}");
    }
    assert!(!help.contains(secret));
}

/// In a network of its own, where nobody else has the port.
#[test]
fn where_the_operators_port_is_taken_and_not_set_the_api_serves_without_metrics() {
    run_apart(
        &["--net"],
        "start::where_the_operators_port_is_taken_and_not_set_the_api_serves_without_metrics",
        async || {
            run("ip", &["link", "set", "lo", "up"]);
            let taken = TcpListener::bind("127.0.0.1:3002").unwrap();
            let mut system = api().await;
            let listen = format!("127.0.0.1:{}", free_port());
            let mut environment = system.environment.clone();
            environment.push(("API_LISTEN".to_owned(), listen.clone()));
            assert!(environment.iter().all(|(name, _)| name != "API_ADMIN_LISTEN"));
            let mut api = Process::start("webhooks-api", &environment);
            api.wait_ready(&format!("http://{listen}/readyz")).await;
            let warning = "there are no metrics: can't listen on 127.0.0.1:3002; set API_ADMIN_LISTEN";
            let log = api.log();
            let line = log.lines().find(|line| line.contains(warning));
            assert!(line.is_some_and(|line| line.contains("WARN")), "{log}");

            let base = format!("http://{listen}");
            let event = json!({"accountId": "org:a", "event": "lead.captured", "chatbotId": "c", "data": {}});
            let backend = Caller::new(&base, Some(SERVICE_KEY));
            drop(backend.post("/api/events", &event).await.expect(202));
            drop(backend.get("/metrics").await.expect(404));
            taken.set_nonblocking(true).unwrap();
            assert!(taken.accept().is_err(), "it asked whoever has the port");
            assert!(api.terminate().success(), "{}", api.log());
            system.stop();
        },
    );
}

#[tokio::test]
async fn a_redis_that_would_lose_events_is_refused() {
    let mut system = System::builder().workers(0).start().await;
    let mut environment = system.environment.clone();
    system.stop();
    environment.push(("API_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
    let redis = RedisServer::start_with(&["--maxmemory-policy", "allkeys-lru"]);
    environment.push(("REDIS_URL".to_owned(), redis.url()));
    let printed = sentence(&environment);
    assert!(
        printed.starts_with("REDIS_URL: ") && printed.contains("noeviction"),
        "{printed}"
    );
}

#[tokio::test]
async fn weak_durability_is_shown_where_operators_look() {
    let mut system = System::builder()
        .workers(0)
        .redis(&["--appendfsync", "everysec"])
        .start()
        .await;
    let ready = system.customer().get("/readyz").await.expect(200);
    assert_eq!(ready.body["status"], "ready");
    assert!(
        ready.body["warnings"][0]
            .as_str()
            .unwrap()
            .contains("appendfsync always"),
        "{}",
        ready.text
    );
    assert!(
        system.api.log().contains("appendfsync always"),
        "{}",
        system.api.log()
    );
    system.stop();
}
