use super::*;
use crate::routes::{DOCUMENTATION, Documentation};

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
                let scheme = if path.starts_with("/api/events") && method == "post" {
                    "serviceKey"
                } else if path.starts_with("/api/accounts/") || path.starts_with("/api/portal-sessions") {
                    "manageKey"
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
    let declared: usize = DOCUMENTATION.iter().map(|resource| resource.calls.len()).sum();
    assert_eq!(calls, declared);
    assert!(calls >= 22, "{calls} calls: some are missing");
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

#[test]
fn every_operation_is_declared_once_with_errors_that_do_not_follow_from_it() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let by_id = |id: &str| operations(&document).find(|operation| operation["operationId"] == id);
    let mut declared = Vec::new();
    for Documentation { calls, .. } in DOCUMENTATION {
        for call in *calls {
            declared.push(call.id());
            let operation = by_id(call.id()).unwrap_or_else(|| panic!("there is no operation {}", call.id()));
            let mut known = errors::implied(operation);
            for code in call.errors() {
                assert!(
                    !known.contains(&code),
                    "{}: {code:?} is declared twice, or follows from the signature",
                    call.id()
                );
                known.push(code);
            }
        }
    }
    declared.sort_unstable();
    let mut there: Vec<_> = operations(&document)
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    there.sort_unstable();
    assert_eq!(
        declared, there,
        "the calls in `CALLS`, and the operations that there are"
    );
}

#[test]
fn every_example_belongs_to_something_in_the_document() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    for Documentation { calls, examples } in DOCUMENTATION {
        let examples: Value = serde_json::from_str(examples).unwrap();
        for (id, examples) in examples.as_object().unwrap() {
            assert!(
                calls.iter().any(|call| call.id() == id),
                "{id} is no call of this resource"
            );
            let operation = operations(&document)
                .find(|operation| operation["operationId"] == id.as_str())
                .unwrap();
            for (part, examples) in examples.as_object().unwrap() {
                let is_used = |name: &str, example: &Value| match part.as_str() {
                    "request" => {
                        operation["requestBody"]["content"]["application/json"]["examples"][name] == *example
                    }
                    "responses" => {
                        let content = operation["responses"][name]["content"].as_object();
                        content.is_some_and(|content| {
                            !content.is_empty()
                                && content.values().all(|content| content["example"] == *example)
                        })
                    }
                    "parameters" => {
                        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
                        parameters
                            .any(|parameter| parameter["name"] == name && parameter["example"] == *example)
                    }
                    _ => false,
                };
                for (name, example) in examples.as_object().unwrap() {
                    assert!(is_used(name, example), "{id}: {part} {name}");
                }
            }
        }
    }
}

#[test]
fn requests_are_closed_and_answers_complete() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let schema = |name: &str| &document["components"]["schemas"][name];
    // One that is named by a body, one that only another schema names, and one whose fields can all be left out.
    for request in ["CreateEndpoint", "BatchEvent", "RotateSecret"] {
        assert_eq!(schema(request)["additionalProperties"], false, "{request}");
    }
    for answer in ["Endpoint", "LastAttempt", "StreamedAttempt", "Problem"] {
        assert!(schema(answer).get("additionalProperties").is_none(), "{answer}");
    }
    let requires = |name: &str, field: &str| {
        schema(name)["required"]
            .as_array()
            .unwrap()
            .contains(&field.into())
    };
    for (answer, field) in [
        ("Endpoint", "chatbotId"),
        ("TopFailure", "status"),
        ("StreamedAttempt", "event"),
    ] {
        assert!(
            requires(answer, field),
            "{answer}: {field} may be null, and is always there"
        );
    }
    assert!(!requires("EventAccepted", "duplicate") && !requires("Problem", "field"));
    assert!(!requires("CreateEndpoint", "chatbotId"));
}

#[test]
fn whatever_a_reader_meets_is_described() {
    fn visit(value: &Value, place: &str, missing: &mut Vec<String>) {
        for (name, field) in value["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            if !field["description"].is_string() {
                missing.push(place.clone());
            }
            visit(field, &place, missing);
            visit(&field["items"], &place, missing);
        }
    }
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut missing = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if !schema["description"].is_string() {
            missing.push(name.clone());
        }
        visit(schema, name, &mut missing);
    }
    for operation in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let body = operation.get("requestBody").into_iter();
        let answers = operation["responses"].as_object().into_iter().flatten();
        let headers = answers
            .clone()
            .flat_map(|(_, answer)| answer["headers"].as_object().into_iter().flatten());
        let parts = parameters
            .chain(body)
            .chain(answers.map(|(_, answer)| answer))
            .chain(headers.map(|(_, header)| header))
            .chain([operation]);
        for part in parts {
            let is_described = part["description"].as_str().is_some_and(|text| !text.is_empty());
            if !is_described {
                missing.push(format!("{id}: {part}"));
            }
        }
    }
    assert!(missing.is_empty(), "without a description: {missing:#?}");
}

#[test]
fn null_is_allowed_by_a_type_and_never_beside_a_reference() {
    fn visit(value: &Value) {
        if value["nullable"] == true {
            assert!(
                value["type"].is_string() && value.get("allOf").is_none(),
                "{value}"
            );
        }
        match value {
            Value::Object(map) => map.values().for_each(visit),
            Value::Array(items) => items.iter().for_each(visit),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&document()).unwrap();
    visit(&document);
    let last = &document["components"]["schemas"]["Endpoint"]["properties"]["lastAttempt"];
    assert_eq!(last["oneOf"][0]["$ref"], "#/components/schemas/LastAttempt");
    assert_eq!(last["oneOf"][1]["enum"], json!([null]));
}

#[test]
fn words_that_programs_branch_on_stand_in_lists_with_names() {
    use domain::catalog::Catalog;
    use domain::delivery::{Failure, GivenUp};

    let document: Value = serde_json::from_str(&document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let all: Vec<_> = crate::problem::Code::ALL
        .iter()
        .map(|code| code.as_str())
        .collect();
    assert_eq!(schemas["ErrorCode"]["enum"], json!(all));
    let attempts = Failure::ALL.map(Failure::code).into_iter();
    let failures: Vec<_> = attempts.chain(GivenUp::ALL.map(GivenUp::code)).collect();
    assert_eq!(schemas["FailureCode"]["enum"], json!(failures));
    // Open: a type that a client doesn't know is no mistake.
    let catalog = Catalog::default();
    let types: Vec<_> = catalog
        .all()
        .iter()
        .map(|entry| entry.subscription.as_str())
        .collect();
    assert_eq!(schemas["EventName"]["x-extensible-enum"], json!(types));
    assert!(schemas["EventName"].get("enum").is_none());
    for (field, list) in [
        ("/Problem/properties/code", "ErrorCode"),
        ("/Finding/properties/code", "FindingCode"),
        ("/TopFailure/properties/error", "FailureCode"),
        ("/Attempt/properties/error", "FailureCode"),
        ("/PushEvent/properties/event", "EventName"),
        ("/CreateEndpoint/properties/events/items", "EventName"),
        ("/Delivery/properties/event", "EventName"),
    ] {
        let schema = schemas.pointer(field).unwrap();
        let one_of = schema.pointer("/oneOf/0").or_else(|| schema.pointer("/allOf/0"));
        let reference = &one_of.unwrap_or(schema)["$ref"];
        assert_eq!(reference, &format!("#/components/schemas/{list}"), "{field}");
    }
}

#[test]
fn calls_without_a_token_say_so_and_each_has_one_shape_of_success() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            let security = operation["security"].as_array().unwrap();
            assert_eq!(security.is_empty(), !path.starts_with("/api/"), "{path}");
            let answers = operation["responses"].as_object().unwrap();
            let shapes = answers.keys().filter(|status| status.starts_with('2')).count();
            assert_eq!(shapes, 1, "{path}");
        }
    }
}

#[test]
fn receivers_find_every_type_of_event_among_the_callbacks() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let creates = &document["paths"]["/api/webhooks-config"]["post"];
    let delivery = &creates["callbacks"]["delivery"]["{$request.body#/url}"]["post"];
    let content = &delivery["requestBody"]["content"]["application/json"];
    let examples = content["examples"].as_object().unwrap();
    for entry in domain::catalog::Catalog::default().all() {
        let name = entry.subscription.as_str();
        assert_eq!(examples[name]["value"]["event"], name);
    }
}

/// A parameter that is a list is no more demanded than any other that narrows a listing: generated clients would insist on it.
#[test]
fn only_what_names_one_thing_is_demanded_in_a_query() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut demanded = Vec::new();
    for operation in document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
    {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" && parameter["required"] == true {
                let call = operation["operationId"].as_str().unwrap();
                demanded.push((call, parameter["name"].as_str().unwrap()));
            }
        }
    }
    demanded.sort_unstable();
    assert_eq!(
        demanded,
        [
            ("findEvent", "idempotencyKey"),
            ("removeEndpoint", "id"),
            ("revokeApiKey", "id")
        ]
    );
}
