//! Schemathesis makes requests from the OpenAPI document, valid ones and wrong ones of every kind, and checks each answer
//! against it: never a 5xx, no status, media type, header or body that isn't documented, nothing wrong accepted, nothing
//! right refused, nothing without a token. What it does, and the few exceptions from its checks, all of which are on, is in
//! `e2e/fuzzing/schemathesis.toml`, and what the document leaves open in `hooks.py` beside it.
//!
//! The worker runs only while it can reach nothing but the test's own receiver: made-up URLs get nothing.
//!
//! Proves (security): Requests made from the OpenAPI document, valid and not

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::clerk::{Claims, now};
use e2e::system::{SERVICE_KEY, System};
use e2e::temp_dir::TempDir;
use serde_json::json;

use crate::fixture::everything;
use crate::log_scene::LogScene;

/// Runs it with these variables and arguments; whatever it finds fails the test.
async fn schemathesis(system: &System, variables: &[(&str, &str)], arguments: &[&str]) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let packages: PathBuf = workspace.join(".tools/schemathesis");
    assert!(
        packages.exists(),
        "{} is missing: run ./scripts/test once",
        packages.display()
    );
    // Its hooks stand beside its configuration.
    let python_path = std::env::join_paths([packages, workspace.join("e2e/fuzzing")]).unwrap();
    let directory = TempDir::new("schemathesis");
    let mut command = Command::new("python3");
    command
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(workspace.join("e2e/fuzzing/schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", system.api_url())])
        .args(arguments)
        .current_dir(directory.path())
        .env("PYTHONPATH", python_path)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_COLOR", "1")
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "schemathesis ended with {}:\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let tested = said.lines().find_map(|line| line.trim().strip_prefix("Tested: "));
    assert!(tested.is_some_and(|tested| tested != "0"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_that_the_document_allows_or_forbids_is_answered_otherwise() {
    let builder = System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("MAX_ENDPOINTS_PER_ACCOUNT", "10000");
    let mut scene = LogScene::start(builder).await;
    scene.push(json!({"then": 500})).await;
    scene.push(json!({})).await;
    let first_of = async |status: &str| {
        let listed = scene.listed(&format!("status={status}"), 1).await;
        listed[0]["id"].as_str().unwrap().to_owned()
    };
    let (succeeded, exhausted) = (first_of("succeeded").await, first_of("exhausted").await);
    let since =
        domain::clock::Timestamp::from_millis(i64::try_from(now() * 1000).unwrap() - 3_600_000).unwrap();
    let replay = scene
        .customer
        .post(&scene.path("replay"), &json!({"since": since.to_string()}))
        .await
        .expect(202);
    let token = Claims::v2("user_2test", Some("org_2test")).sign(&scene.system.key);
    let variables = [
        ("SESSION_TOKEN", token.as_str()),
        ("SERVICE_KEY", SERVICE_KEY),
        ("ENDPOINT_ID", scene.endpoint.as_str()),
        ("SUCCEEDED_ID", succeeded.as_str()),
        ("EXHAUSTED_ID", exhausted.as_str()),
        ("REPLAY_ID", replay.body["id"].as_str().unwrap()),
    ];
    // Test events need a worker. There is no endpoint but the test's own.
    let only = ["--include-operation-id", "sendTestEvent"];
    schemathesis(&scene.system, &variables, &only).await;
    for mut worker in scene.system.workers.drain(..) {
        assert!(worker.terminate().success(), "{}", worker.log());
    }
    let rest = ["--exclude-operation-id", "sendTestEvent"];
    schemathesis(&scene.system, &variables, &rest).await;
    scene.system.stop();
}

/// Which calls that want a token the API answered with a status of this class, by its own count.
async fn answered(system: &System, class: char) -> Vec<String> {
    let metrics = system.api_metrics().await;
    let status = format!("status=\"{class}");
    metrics
        .lines()
        .filter(|line| line.starts_with("webhooks_api_http_requests_total{"))
        .filter(|line| line.contains("route=\"/api/") && line.contains(&status))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_gets_in_with_a_wrong_token() {
    let mut system = System::builder().workers(0).start().await;
    let before = everything(&system);
    let claims = || Claims::v2("user_2test", Some("org_2test"));
    let session = claims().sign(&system.key);
    let expired = claims()
        .with("exp", now() - 60)
        .with("nbf", now() - 120)
        .sign(&system.key);
    let elsewhere = (
        "ep_7zq3k9m2x4t8w1v5",
        "dlv_01kn8v3r5t7w9y1b3d5f7g9h2j_7zq3k9m2x4t8w1v5",
    );
    for (session_token, service_key, phases) in [
        // Of the wrong kind, and of the right kind but good for nothing.
        (SERVICE_KEY, session.as_str(), "examples,fuzzing"),
        (expired.as_str(), "whk_test_0123456789abcdef", "examples,coverage"),
    ] {
        let variables = [
            ("SESSION_TOKEN", session_token),
            ("SERVICE_KEY", service_key),
            ("ENDPOINT_ID", elsewhere.0),
            ("SUCCEEDED_ID", elsewhere.1),
            ("EXHAUSTED_ID", elsewhere.1),
            ("REPLAY_ID", "rpl_none"),
        ];
        schemathesis(&system, &variables, &["--phases", phases, "--max-examples", "5"]).await;
    }
    assert!(answered(&system, '4').await.len() > 20);
    assert_eq!(answered(&system, '2').await, Vec::<String>::new());
    assert_eq!(everything(&system), before);
    system.stop();
}
