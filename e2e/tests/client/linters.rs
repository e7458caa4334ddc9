//! Linters of OpenAPI documents have nothing to say, neither errors nor warnings. What they are told to leave out, and why, is in
//! `openapi/redocly.yaml` and `openapi/spectral.yaml`.

use serde_json::{Value, json};

use crate::workshop::Workshop;

#[test]
fn redocly_finds_nothing() {
    let workshop = Workshop::with("linters", "");
    let lint = ["lint", "openapi.json", "--config", "redocly.yaml"];
    let said = workshop.node(
        &[
            &["node_modules/@redocly/cli/bin/cli.js"],
            &lint[..],
            &["--format=json"],
        ]
        .concat(),
    );
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(report["problems"], json!([]));
    assert_eq!(
        report["totals"],
        json!({ "errors": 0, "warnings": 0, "ignored": 0 })
    );
}

#[test]
fn spectral_finds_nothing() {
    let workshop = Workshop::with("linters", "");
    let lint = [
        "lint",
        "openapi.json",
        "--ruleset",
        "spectral.yaml",
        "--fail-severity",
        "hint",
    ];
    let said = workshop.node(&[&["node_modules/@stoplight/spectral-cli/dist/index.js"], &lint[..]].concat());
    assert!(
        said.contains("No results with a severity of 'hint' or higher found"),
        "{said}"
    );
}

#[test]
fn the_document_is_valid_by_the_schema_of_openapi() {
    let workshop = Workshop::with("openapi-python", "");
    let said = workshop.python(&["-m", "openapi_spec_validator", "openapi.json"], &Vec::new());
    assert_eq!(said.trim(), "openapi.json: OK");
}
