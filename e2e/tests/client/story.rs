//! A system in which a story happens, and what is asserted of every story.

use e2e::clerk::Claims;
use e2e::system::{SERVICE_KEY, System};

/// What a program needs to know of the system, in its environment.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// Runs a program that tells the life of an endpoint; it prints what it did.
pub(crate) async fn runs(program: impl FnOnce(&Variables) -> String + Send + 'static) {
    // Three attempts, so that a failing delivery is exhausted before its endpoint is disabled.
    let system = System::builder()
        .env("RETRY_SCHEDULE", "100ms,100ms")
        .start()
        .await;
    let token = Claims::v2("user_2test", Some("org_2test")).sign(&system.key);
    let variables = vec![
        ("API_URL", system.api_url()),
        ("DASHBOARD_TOKEN", token),
        ("SERVICE_KEY", SERVICE_KEY.to_owned()),
        ("ACCOUNT_ID", system.account().to_owned()),
    ];
    let printed = tokio::task::spawn_blocking(move || program(&variables))
        .await
        .unwrap();
    assert!(
        printed.ends_with("✓ it was removed\n"),
        "it ended early:\n{printed}"
    );
    system.finish().await;
}
