//! Opens `/docs` in a real browser that can reach nothing but this machine.

use std::process::{Command, Stdio};

use e2e::system::System;
use e2e::temp_dir::TempDir;
use e2e::workspace::chromium;

/// The page as the browser has built it, once its scripts have run.
fn render(url: &str) -> String {
    let profile = TempDir::new("browser");
    let output = Command::new(chromium())
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--no-proxy-server"])
        // Whatever the page would load from elsewhere is not found.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=20000", "--dump-dom", url])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the browser ended with {}",
        output.status
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_is_rendered_without_the_network() {
    let mut system = System::builder().workers(0).start().await;
    let page = render(&format!("{}/docs", system.api_url()));
    // Every call of the document is on the page, as a person sees it: not in the document's text, which the page may
    // carry in a script, but in what was built from it.
    let visible = without_scripts(&page);
    for text in [
        "/api/webhooks-config",
        "/api/events",
        "/api/events/batch",
        "/healthz",
        "/readyz",
    ] {
        assert!(visible.contains(text), "{text} is not on the page: {visible}");
    }
    for (before, _) in page
        .match_indices("src=\"http")
        .chain(page.match_indices("href=\"http"))
    {
        let place: String = page[before..].chars().take(100).collect();
        let local = place.contains("127.0.0.1");
        let link = page[..before].rsplit('<').next().unwrap().starts_with("a ");
        assert!(local || link, "loaded from the network: {place}");
    }
    system.stop();
}

/// HTML without the content of its scripts.
fn without_scripts(page: &str) -> String {
    let mut rest = page;
    let mut visible = String::new();
    while let Some((before, script)) = rest.split_once("<script") {
        visible.push_str(before);
        rest = script.split_once("</script>").map_or("", |(_, after)| after);
    }
    visible + rest
}
