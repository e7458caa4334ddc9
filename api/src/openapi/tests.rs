use super::*;

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let committed = include_str!("../../../openapi/openapi.json");
    assert!(
        committed == document(),
        "openapi/openapi.json differs from the code: run ./scripts/openapi and commit the result"
    );
}

#[test]
fn every_call_has_examples_errors_and_a_security_scheme() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut calls = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with('/'));
        for (method, operation) in operations.as_object().unwrap() {
            calls += 1;
            let name = format!("{method} {path}");
            assert!(
                operation["summary"].is_string() && operation["tags"].is_array(),
                "{name}"
            );
            if path.starts_with("/api/") {
                let scheme = if path.starts_with("/api/events") {
                    "serviceKey"
                } else {
                    "clerkSession"
                };
                assert!(operation["security"][0].get(scheme).is_some(), "{name}");
                for status in ["401", "403", "503", "500"] {
                    let examples =
                        &operation["responses"][status]["content"]["application/problem+json"]["examples"];
                    assert!(examples.is_object(), "{name} {status}");
                }
            }
            if let Some(request) = operation.get("requestBody") {
                assert!(
                    request["content"]["application/json"]["examples"].is_object(),
                    "{name}"
                );
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                for media_type in response["content"].as_object().into_iter().flatten() {
                    let has_example =
                        media_type.1.get("example").is_some() || media_type.1.get("examples").is_some();
                    assert!(has_example, "{name} {status}");
                }
            }
        }
    }
    assert_eq!(calls, 22);
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["clerkSession"]["scheme"], "bearer");
    assert_eq!(schemes["serviceKey"]["scheme"], "bearer");
}

#[test]
fn every_code_that_a_call_can_answer_is_documented() {
    let documented = document();
    for code in crate::problem::Code::ALL {
        let is_servers = matches!(
            code.as_str(),
            "not_found" | "method_not_allowed" | "head_too_large"
        );
        assert!(
            is_servers || documented.contains(&format!("\"{}\"", code.as_str())),
            "{code:?}"
        );
    }
}

#[test]
fn references_lead_somewhere() {
    fn visit(value: &Value, document: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        match value {
            Value::Object(map) => map.values().for_each(|value| visit(value, document)),
            Value::Array(items) => items.iter().for_each(|value| visit(value, document)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&document()).unwrap();
    visit(&document, &document);
}

#[test]
fn the_page_contains_the_document_and_nothing_to_load() {
    let page = docs_page(&service(), &document());
    assert!(page.contains("createEndpoint") && page.contains("idempotency_conflict"));
    assert!(page.contains("<title>Webhooks API</title>"));
    for element in ["<link", "<img", "<iframe", " src="] {
        let outside = page.split("<script").next().unwrap();
        assert!(!outside.contains(element), "{element}");
    }
    assert!(!page.contains("<script src") && !page.contains("@import"));
    assert!(!page.contains("fonts.googleapis") && !page.contains("cdn.jsdelivr"));
}
