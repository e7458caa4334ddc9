use super::*;

#[test]
fn the_committed_file_is_the_one_that_is_generated() {
    let committed = include_str!("../../../../docs/errors.md");
    assert!(
        committed == errors_page(&crate::openapi::document()),
        "docs/errors.md differs from the code: run ./scripts/openapi and commit the result"
    );
}

#[test]
fn every_code_has_one_heading_below_its_status() {
    let text = errors_page(&crate::openapi::document());
    let mut status = "";
    let mut seen = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            status = heading;
        } else if let Some(heading) = line.strip_prefix("### ") {
            let code = Code::ALL
                .iter()
                .find(|code| heading == format!("`{}`", code.as_str()));
            let code = code.unwrap_or_else(|| panic!("{heading}"));
            assert_eq!(code.status().to_string(), status, "{heading}");
            seen.push(*code);
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, Code::ALL);
}

#[test]
fn a_side_is_named_only_when_all_of_its_calls_answer_the_code() {
    let call = |name: &str, scheme: &str, codes: &[&str]| Call {
        name: name.to_owned(),
        scheme: Some(scheme.to_owned()),
        codes: codes.iter().map(|&code| code.to_owned()).collect(),
    };
    let calls = [
        call("GET /a", "clerkSession", &["missing_token", "endpoint_not_found"]),
        call("GET /b", "clerkSession", &["missing_token"]),
        call("POST /c", "serviceKey", &["missing_token", "unknown_event"]),
        call("POST /d", "serviceKey", &["missing_token"]),
    ];
    let both = "every call of the dashboard, every call of the backend";
    assert_eq!(answered_by(Code::MissingToken, &calls), both);
    assert_eq!(answered_by(Code::EndpointNotFound, &calls), "`GET /a`");
    assert_eq!(answered_by(Code::UnknownEvent, &calls), "`POST /c`");
    assert_eq!(
        answered_by(Code::NotFound, &calls),
        "the server itself, whatever the call"
    );
}
