//! The OpenAPI document tells the truth: its examples work, and answers are as it describes them.
//!
//! The calls come from the document. If you add one, add examples to it, and what its parameters name to `scene`.
//!
//! Proves (security): No token, a wrong one, or one of the wrong kind

pub(crate) mod calls;

mod scene;

mod schema;

mod keywords;

use std::process::Command;

use e2e::client::{Caller, Reply};
use reqwest::Url;
use serde_json::Value;

use self::calls::{Call, calls};
use self::scene::Scene;
use self::schema::complaints;
use crate::fixture::{BATCH, DOCUMENT, api};

/// Makes a call as an example shows it, on an endpoint of its own.
async fn execute(scene: &Scene, call: &Call, body: Option<&Value>, with_options: bool) -> Reply {
    let things = scene.furnish().await;
    let mut path = call.path.to_owned();
    let (mut query, mut headers) = (Vec::new(), Vec::new());
    for parameter in call.parameters() {
        if !parameter.is_required && !with_options {
            continue;
        }
        // What the examples choose is one page, without a cursor.
        let is_one_page = matches!(call.id(), "listAccountDeliveries" | "listEndpoints");
        if is_one_page && matches!(parameter.name, "cursor" | "chatbotId") {
            continue;
        }
        let value = scene.value(call, &parameter, &things).await;
        let value = value.unwrap_or_else(|| panic!("{}: `{}` has no example", call.name(), parameter.name));
        match parameter.place {
            "path" => path = path.replace(&format!("{{{}}}", parameter.name), &value),
            "query" => query.push((parameter.name, value)),
            "header" => headers.push((parameter.name, value)),
            place => panic!("{}: a parameter in {place}", call.name()),
        }
    }
    if !query.is_empty() {
        let query = Url::parse_with_params("http://any/", query).unwrap();
        path = format!("{path}?{}", query.query().unwrap());
    }
    let mut request = scene.caller(call).request(call.method.clone(), &path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if let Some(body) = body {
        request = request.json(&things.inserted(body));
    }
    let reply = if call.is_stream() {
        scene.listen(request, &things).await
    } else {
        Caller::send(request).await
    };
    scene.clear().await;
    reply
}

/// Asserts that a request has the documented shape; an item of a batch may show a mistake, if the answer reports it.
#[track_caller]
fn assert_valid_request(call: &Call, example: &str, body: &Value, reply: &Reply) {
    let results = reply.body["results"].as_array().into_iter().flatten();
    let refuses_an_item = results.map(|result| &result["error"]).any(Value::is_object);
    let wrong = call.complaints_about_request(body);
    assert!(
        wrong.is_empty() || refuses_an_item,
        "{}, example `{example}`: {wrong:#?}",
        call.name()
    );
}

/// Asserts that an answer is one of success, and as documented for its status.
#[track_caller]
fn assert_documented(call: &Call, example: &str, reply: &Reply) {
    let context = format!(
        "{}, example `{example}`: {} {}",
        call.name(),
        reply.status,
        reply.text
    );
    assert!((200..300).contains(&reply.status), "{context}");
    let response = call.response(reply.status);
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let is_there = reply.headers.contains_key(name.as_str());
        assert!(
            is_there || header["required"] != true,
            "{name} is missing: {context}"
        );
    }
    let Some(content) = response["content"].as_object() else {
        assert_eq!(reply.text, "", "{context}");
        return;
    };
    let given = reply.headers["content-type"].to_str().unwrap();
    let given = given.split(';').next().unwrap();
    let described = content
        .iter()
        .find(|(media_type, _)| media_type.split(';').next() == Some(given));
    let (_, described) = described.unwrap_or_else(|| panic!("{given} is not documented: {context}"));
    let value = if given == "application/json" {
        reply.body.clone()
    } else {
        reply.text.as_str().into()
    };
    let wrong = complaints(&value, &described["schema"]);
    assert!(wrong.is_empty(), "{wrong:#?}\n{context}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_a_request_works_and_is_answered_as_documented() {
    let mut scene = Scene::start().await;
    for call in calls() {
        let has_options = call.parameters().iter().any(|parameter| !parameter.is_required);
        for (example, body) in call.requests() {
            for with_options in [false, true] {
                if with_options && !has_options {
                    continue;
                }
                let reply = execute(&scene, &call, body, with_options).await;
                assert_documented(&call, example, &reply);
                if let Some(body) = body {
                    assert_valid_request(&call, example, body, &reply);
                }
            }
        }
    }
    scene.system.stop();
}

/// The API checks the token first, whatever the path and the body are.
#[tokio::test]
async fn every_call_wants_a_token_of_its_kind() {
    let mut system = api().await;
    let nobody = Caller::new(&system.api_url(), None);
    let mut wanting = 0;
    for call in calls() {
        let others = match (call.takes("clerkSession"), call.takes("serviceKey")) {
            (true, false) => system.backend(),
            (false, true) => system.customer(),
            _ => continue,
        };
        wanting += 1;
        for (caller, status, code) in [
            (&nobody, 401, "missing_token"),
            (&others, 403, "wrong_token_kind"),
        ] {
            let request = caller.request(call.method.clone(), call.path).body("[");
            let reply = Caller::send(request).await;
            let refusal = (reply.status, reply.code());
            assert_eq!(refusal, (status, code), "{}: {}", call.name(), reply.text);
        }
    }
    assert!(wanting > 15, "{wanting} calls want a token");
    system.stop();
}

#[test]
fn every_example_of_an_answer_is_as_its_schema_says() {
    for call in calls() {
        for answer in call.answers() {
            let context = format!(
                "{}, answer {}, example `{}`",
                call.name(),
                answer.status,
                answer.name
            );
            let wrong = complaints(answer.value, answer.schema);
            assert!(wrong.is_empty(), "{context}: {wrong:#?}");
            if answer.media_type == "application/problem+json" {
                assert_eq!(answer.value["code"], answer.name, "{context}");
                assert_eq!(answer.value["status"], answer.status, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn the_document_is_served_and_shows_the_very_refusals() {
    let mut system = api().await;
    let served = system.customer().get("/openapi.json").await.expect(200);
    assert_eq!(served.body, *DOCUMENT);
    // A batch is answered item by item, as its example says.
    let batch = &DOCUMENT["paths"][BATCH]["post"];
    let example = &batch["requestBody"]["content"]["application/json"]["examples"]["two"]["value"];
    let pushed = system.backend().post(BATCH, example).await.expect(202);
    let documented = &batch["responses"]["202"]["content"]["application/json"]["example"];
    assert_eq!(pushed.body["results"][1], documented["results"][1]);
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
    // The console shows what the page's policy refuses, and any script that fails.
    let complaints: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    system.stop();
}
