//! docs/integrations.md does what it says: its commands run, in their order, against the real programs.

use std::process::Command;

use e2e::clerk::Claims;
use e2e::receiver::Receiver;
use e2e::system::{MANAGE_KEY, System};
use e2e::temp_dir::TempDir;

/// All commands of the page, as one script.
fn script() -> String {
    let page = include_str!("../../../docs/integrations.md");
    let blocks = page.split("```sh\n").skip(1);
    let commands: Vec<_> = blocks.map(|block| block.split("```").next().unwrap()).collect();
    assert!(commands.len() >= 8, "{} blocks", commands.len());
    format!("set -euo pipefail\n{}", commands.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_authors_of_integrations_runs() {
    let mut system = System::start().await;
    let receiver = Receiver::start().await;
    let directory = TempDir::new("integrations");
    let mut command = Command::new("bash");
    command
        .args(["-c", &script()])
        .current_dir(directory.path())
        .env("API_URL", system.api_url())
        .env("ACCOUNT_ID", system.account())
        .env(
            "DASHBOARD_TOKEN",
            Claims::v2("user_2test", Some("org_2test")).sign(&system.key),
        )
        .env("MANAGE_KEY", MANAGE_KEY)
        .env("HOOK_URL", receiver.url("/hook"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // The sample, the test event's result, and the endpoint with its own secret.
    for text in [
        "\"leadId\"",
        "\"succeeded\":true",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let tested = receiver.wait_for_at("/hook", 1).await.remove(0);
    assert_eq!(tested.expect_header("x-rkt-event"), "lead.captured");
    // What was subscribed is unsubscribed: only the one that moved in is left.
    let listed = system
        .customer()
        .get("/api/webhooks-config")
        .await
        .expect(200)
        .body;
    let endpoints = listed["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 1, "{listed}");
    assert_eq!(endpoints[0]["createdBy"], "service:owner");
    system.stop();
}
