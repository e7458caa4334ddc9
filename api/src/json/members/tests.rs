use super::*;
use crate::json::{self, JsonRequest};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Example {
    url: String,
    #[serde(rename = "count")]
    _count: u8,
    #[serde(rename = "tags")]
    _tags: Option<Vec<String>>,
    #[serde(rename = "inner")]
    _inner: Option<Inner>,
}

#[derive(Debug, Deserialize)]
struct Inner {
    #[serde(rename = "name")]
    _name: String,
}

fn told(body: &str) -> Vec<(String, String)> {
    let required = &[("url", "\"good\""), ("count", "1")];
    let values = |example: Example| {
        let is_bad = example.url != "good";
        is_bad.then(|| Problem::new(Code::UrlMalformed).field("url"))
    };
    let problem = json::parse_object::<Example>(body, required, values).unwrap_err();
    let body = serde_json::to_value(problem.body()).unwrap();
    let faults = body["errors"].as_array().unwrap();
    assert_eq!(
        (&body["code"], &body["field"]),
        (&faults[0]["code"], &faults[0]["field"])
    );
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    faults
        .iter()
        .map(|fault| (text(&fault["field"]), text(&fault["code"])))
        .collect()
}

#[test]
fn all_that_is_wrong_is_told_in_order() {
    for (body, expected) in [
        (
            r#"{"urll":1,"count":"x","tags":["a",2,3],"inner":{}}"#,
            vec![
                ("urll", "unknown_field"),
                ("count", "invalid_type"),
                ("tags[1]", "invalid_type"),
                ("inner.name", "missing_field"),
                ("url", "missing_field"),
            ],
        ),
        ("{}", vec![("url", "missing_field"), ("count", "missing_field")]),
        (
            r#"{"url":"bad","url":"good","count":300,"x":1,"x":2}"#,
            vec![
                ("url", "duplicate_field"),
                ("count", "invalid_value"),
                ("x", "unknown_field"),
                ("url", "url_malformed"),
            ],
        ),
        (
            r#"{"count":true,"url":"bad"}"#,
            vec![("count", "invalid_type"), ("url", "url_malformed")],
        ),
        (r#"{"count":"x","tags":null"#, vec![("count", "invalid_type")]),
        (
            r#"{"\u0075rll":1,"url":"good","count":1}"#,
            vec![("urll", "unknown_field")],
        ),
        ("7", vec![("", "invalid_type")]),
        (r#"{"url":}"#, vec![("", "invalid_json")]),
    ] {
        let told = told(body);
        let told: Vec<_> = told
            .iter()
            .map(|(field, code)| (field.as_str(), code.as_str()))
            .collect();
        assert_eq!(told, expected, "{body}");
    }
}

#[test]
fn twenty_faults_are_enough() {
    let many: Vec<_> = (0..50_000)
        .map(|number| format!("\"f{number}\":{number}"))
        .collect();
    assert_eq!(told(&format!("{{{}}}", many.join(","))).len(), 20);
}

/// Panics unless the values that stand for missing ones are those of all fields that must be there, and no others.
pub(crate) fn assert_required_is_right<T: JsonRequest>() {
    let members: Vec<_> = T::REQUIRED.to_vec();
    serde_json::from_str::<T>(&object(&members))
        .map(drop)
        .expect("an object of what must be there");
    for (name, _) in T::REQUIRED {
        let others: Vec<_> = members
            .iter()
            .copied()
            .filter(|(other, _)| other != name)
            .collect();
        let error = serde_json::from_str::<T>(&object(&others)).map(drop).unwrap_err();
        assert!(
            error.to_string().contains(&format!("missing field `{name}`")),
            "{error}"
        );
    }
}
