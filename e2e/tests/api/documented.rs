//! The OpenAPI document tells the truth: its examples work, and answers have the shape of its examples.

use std::process::Command;

use e2e::client::Reply;
use reqwest::Method;
use serde_json::Value;

use crate::fixture::{BATCH, DOCUMENT, ENDPOINTS, EVENTS, api};

/// The values of a call's request examples.
fn requests(path: &str, method: &str) -> Vec<Value> {
    let examples = &DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]["examples"];
    let examples = examples.as_object().unwrap();
    assert!(!examples.is_empty());
    examples
        .values()
        .map(|example| example["value"].clone())
        .collect()
}

/// Asserts that an answer has the fields of the documented example.
#[track_caller]
fn assert_like_example(path: &str, method: &Method, reply: &Reply) {
    let responses = &DOCUMENT["paths"][path][method.as_str().to_lowercase()]["responses"];
    let example = &responses[reply.status.to_string()]["content"]["application/json"]["example"];
    assert!(example.is_object(), "{method} {path} {}", reply.status);
    let names = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&reply.body), names(example), "{method} {path}");
}

#[tokio::test]
async fn the_examples_work_and_show_what_is_answered() {
    let mut system = api().await;
    let (customer, backend) = (system.customer(), system.backend());
    let mut id = String::new();
    for example in requests(ENDPOINTS, "post") {
        let made = customer.post(ENDPOINTS, &example).await.expect(201);
        assert_like_example(ENDPOINTS, &Method::POST, &made);
        made.body["id"].as_str().unwrap().clone_into(&mut id);
    }
    let list = customer.get(ENDPOINTS).await.expect(200);
    assert_like_example(ENDPOINTS, &Method::GET, &list);
    let one = customer.get(&format!("{ENDPOINTS}/{id}")).await.expect(200);
    assert_like_example("/api/webhooks-config/{id}", &Method::GET, &one);
    for mut example in requests(ENDPOINTS, "patch") {
        example["id"] = id.as_str().into();
        let changed = customer.patch(ENDPOINTS, &example).await.expect(200);
        assert_like_example(ENDPOINTS, &Method::PATCH, &changed);
    }
    for example in requests(EVENTS, "post") {
        let pushed = backend.post(EVENTS, &example).await.expect(202);
        assert_like_example(EVENTS, &Method::POST, &pushed);
    }
    for example in requests(BATCH, "post") {
        let pushed = backend.post(BATCH, &example).await.expect(202);
        assert_like_example(BATCH, &Method::POST, &pushed);
        let documented =
            &DOCUMENT["paths"][BATCH]["post"]["responses"]["202"]["content"]["application/json"]["example"];
        assert_eq!(pushed.body["results"][1], documented["results"][1]);
    }
    for path in ["/healthz", "/readyz"] {
        assert_like_example(path, &Method::GET, &customer.get(path).await.expect(200));
    }
    let served = customer.get("/openapi.json").await.expect(200);
    assert_eq!(served.body, *DOCUMENT);
    system.stop();
}

#[tokio::test]
async fn a_browser_shows_the_document_without_anything_from_elsewhere() {
    let mut system = api().await;
    let browser = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .arg("--version")
                .output()
                .is_ok_and(|output| output.status.success())
        })
        .expect("a browser: install chromium (./scripts/test does)");
    let profile = e2e::temp_dir::TempDir::new("browser");
    let url = format!("{}/docs", system.api_url());
    let output = tokio::task::spawn_blocking(move || {
        Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            // No name but the API's own address leads anywhere.
            .args(["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking"])
            .args(["--enable-logging=stderr", "--virtual-time-budget=20000", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(url)
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let (page, log) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let rendered = page.rsplit("id=\"ui\"").next().unwrap();
    for text in [
        "Create an endpoint",
        "Push many events",
        "Verifying signatures",
        "opblock-patch",
    ] {
        assert!(
            rendered.contains(text),
            "{text} is not on the page; the browser said:\n{log}"
        );
    }
    // What the page's policy refuses, or a script that fails, is told on the console.
    let complaints: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    system.stop();
}
