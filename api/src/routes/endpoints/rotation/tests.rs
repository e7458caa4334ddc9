use super::*;
use crate::json::parse;

fn read(json: &str) -> Result<(Duration, bool), (&'static str, String)> {
    parse::<RotateSecret>(json.as_bytes())
        .and_then(|wanted| grace(&wanted))
        .map_err(|problem| {
            let body = serde_json::to_value(problem.body()).unwrap();
            (
                problem.code().as_str(),
                body["field"].as_str().unwrap_or_default().to_owned(),
            )
        })
}

#[test]
fn a_grace_lasts_a_day_unless_another_time_is_wanted() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    for (json, expected) in [
        ("{}", (hours(24), false)),
        (r#"{"graceHours":0}"#, (hours(0), false)),
        (r#"{"graceHours":168,"force":true}"#, (hours(168), false)),
        (r#"{"legacySignature":"previous"}"#, (hours(24), true)),
        (r#"{"graceHours":0,"legacySignature":"new"}"#, (hours(0), false)),
    ] {
        assert_eq!(read(json), Ok(expected), "{json}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (json, code, field) in [
        (r#"{"graceHours":-1}"#, "invalid_value", "graceHours"),
        (r#"{"graceHours":169}"#, "invalid_value", "graceHours"),
        (
            r#"{"graceHours":9223372036854775807}"#,
            "invalid_value",
            "graceHours",
        ),
        (r#"{"graceHours":1.5}"#, "invalid_type", "graceHours"),
        (r#"{"graceHours":"24"}"#, "invalid_type", "graceHours"),
        (r#"{"graceHours":null}"#, "invalid_type", "graceHours"),
        (
            r#"{"graceHours":0,"legacySignature":"previous"}"#,
            "invalid_value",
            "legacySignature",
        ),
        (r#"{"legacySignature":"old"}"#, "invalid_value", "legacySignature"),
        (r#"{"force":"yes"}"#, "invalid_type", "force"),
        (r#"{"secret":"whsec_x"}"#, "unknown_field", "secret"),
    ] {
        assert_eq!(read(json), Err((code, field.to_owned())), "{json}");
    }
}
