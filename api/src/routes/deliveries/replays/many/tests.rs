use super::*;
use crate::json::parse;

const NOW: &str = "2026-03-26T15:30:00.000Z";

fn read(json: &str) -> Result<(String, String, ReplayStatus), (&'static str, String)> {
    parse::<ReplayDeliveries>(json.as_bytes())
        .and_then(|wanted| span(&wanted, NOW.parse().unwrap()))
        .map(|span| (span.since.to_string(), span.until.to_string(), span.status))
        .map_err(|problem| {
            let body = serde_json::to_value(problem.body()).unwrap();
            let field = body["field"].as_str().unwrap_or_default().to_owned();
            (problem.code().as_str(), field)
        })
}

#[test]
fn a_span_ends_now_unless_it_says_otherwise() {
    let (early, late) = ("2026-03-25T00:00:00.000Z", "2026-03-26T00:00:00.000Z");
    for (json, until, status) in [
        (format!(r#"{{"since":"{early}"}}"#), NOW, ReplayStatus::Exhausted),
        (
            format!(r#"{{"since":"{early}","until":"{late}","status":"succeeded","dryRun":true}}"#),
            late,
            ReplayStatus::Succeeded,
        ),
        (
            format!(r#"{{"since":"{early}","undelivered":true,"events":["lead.captured"]}}"#),
            NOW,
            ReplayStatus::Undelivered,
        ),
        (
            format!(r#"{{"since":"{early}","status":"exhausted","undelivered":true}}"#),
            NOW,
            ReplayStatus::Undelivered,
        ),
        (
            format!(r#"{{"since":"{early}","status":"succeeded","undelivered":false}}"#),
            NOW,
            ReplayStatus::Succeeded,
        ),
        // A clock that is a little ahead.
        (
            format!(r#"{{"since":"{early}","until":"2026-03-26T15:30:59Z","status":"exhausted"}}"#),
            NOW,
            ReplayStatus::Exhausted,
        ),
    ] {
        assert_eq!(
            read(&json),
            Ok((early.to_owned(), until.to_owned(), status)),
            "{json}"
        );
    }
    // 31 days to the millisecond.
    assert!(read(r#"{"since":"2026-02-23T15:30:00.000Z"}"#).is_ok());
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (json, code, field) in [
        ("{}", "missing_field", "since"),
        (r#"{"since":null}"#, "invalid_type", "since"),
        (r#"{"since":1774539000}"#, "invalid_type", "since"),
        (r#"{"since":"yesterday"}"#, "invalid_timestamp", "since"),
        (
            r#"{"since":"2026-03-25T00:00:00Z","until":"today"}"#,
            "invalid_timestamp",
            "until",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","until":null}"#,
            "invalid_type",
            "until",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","until":"2026-03-24T00:00:00Z"}"#,
            "invalid_span",
            "since",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","until":"2026-03-25T00:00:00Z"}"#,
            "invalid_span",
            "since",
        ),
        (r#"{"since":"2026-03-26T15:30:00.000Z"}"#, "invalid_span", "since"),
        (r#"{"since":"2026-03-27T00:00:00Z"}"#, "invalid_span", "since"),
        (
            r#"{"since":"2026-03-25T00:00:00Z","until":"2026-03-26T15:31:01Z"}"#,
            "invalid_span",
            "until",
        ),
        (r#"{"since":"2026-02-23T15:29:59.999Z"}"#, "invalid_span", "since"),
        (
            r#"{"since":"1970-01-01T00:00:00Z","until":"1970-03-01T00:00:00Z"}"#,
            "invalid_span",
            "since",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","status":"succeeded","undelivered":true}"#,
            "invalid_value",
            "undelivered",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","events":["lead.captured","lead.lost"]}"#,
            "unknown_event",
            "events[1]",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","status":"pending"}"#,
            "invalid_value",
            "status",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","status":7}"#,
            "invalid_type",
            "status",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","dryRun":"yes"}"#,
            "invalid_type",
            "dryRun",
        ),
        (
            r#"{"since":"2026-03-25T00:00:00Z","dryrun":true}"#,
            "unknown_field",
            "dryrun",
        ),
    ] {
        assert_eq!(read(json), Err((code, field.to_owned())), "{json}");
    }
}
