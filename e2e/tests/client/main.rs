//! A client that public generators make from the OpenAPI document: it compiles under strict rules, and the whole life of
//! an endpoint runs through it (`e2e/client/life.ts`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod workshop;

use e2e::clerk::Claims;
use e2e::system::{SERVICE_KEY, System};

use crate::workshop::Workshop;

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_life_of_an_endpoint_runs_through_the_generated_client() {
    let workshop = Workshop::new();
    workshop.node(
        &[
            "node_modules/openapi-typescript/bin/cli.js",
            "openapi.json",
            "--output",
            "api.ts",
        ],
        &[],
    );
    workshop.node(
        &["node_modules/typescript/bin/tsc", "--strict", "--project", "."],
        &[],
    );
    // Three attempts, so that a failing delivery is exhausted before its endpoint is disabled.
    let system = System::builder()
        .env("RETRY_SCHEDULE", "100ms,100ms")
        .start()
        .await;
    let token = Claims::v2("user_2test", Some("org_2test")).sign(&system.key);
    let variables = [
        ("API_URL", system.api_url()),
        ("DASHBOARD_TOKEN", token),
        ("SERVICE_KEY", SERVICE_KEY.to_owned()),
        ("ACCOUNT_ID", system.account().to_owned()),
    ];
    let story = tokio::task::spawn_blocking(move || workshop.node(&["out/life.js"], &variables));
    let printed = story.await.unwrap();
    assert!(
        printed.ends_with("✓ it was removed\n"),
        "it ended early:\n{printed}"
    );
    system.finish().await;
}
