use super::*;
use serde::Deserialize;
use serde_json::value::RawValue;

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    parse_object(utf8(bytes)?, &[("url", "\"x\"")], |_| None)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Example {
    #[serde(rename = "url")]
    _url: String,
    #[serde(default, rename = "events")]
    _events: Vec<String>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

#[test]
fn what_is_wrong_is_told_with_code_and_field() {
    for (body, code, field) in [
        (r#"{"url":1}"#, Code::InvalidType, Some("url")),
        (r#"{"url":null}"#, Code::InvalidType, Some("url")),
        (
            r#"{"url":"a","events":["x",5]}"#,
            Code::InvalidType,
            Some("events[1]"),
        ),
        (
            r#"{"url":"a","events":{"x":5}}"#,
            Code::InvalidType,
            Some("events"),
        ),
        (r#"{"url":"a","urll":"b"}"#, Code::UnknownField, Some("urll")),
        (r#"{"events":[]}"#, Code::MissingField, Some("url")),
        (r#"{}"#, Code::MissingField, Some("url")),
        (r#"{"url":"a","url":"b"}"#, Code::DuplicateField, Some("url")),
        (r#"["a"]"#, Code::InvalidType, None),
        (r#"["a""#, Code::InvalidJson, None),
        ("null", Code::InvalidType, None),
        ("\"{}\"", Code::InvalidType, None),
        ("7", Code::InvalidType, None),
        ("", Code::InvalidJson, None),
        ("  ", Code::InvalidJson, None),
        ("{", Code::InvalidJson, None),
        (r#"{"url":"a"} {}"#, Code::InvalidJson, None),
        (r#"{"url":"a",}"#, Code::InvalidJson, None),
        (r#"{"url":"a","data":{"x":}}"#, Code::InvalidJson, None),
        ("{\"url\":\"a\u{0}\"}", Code::InvalidJson, None),
        (r#"{"url":NaN}"#, Code::InvalidJson, None),
    ] {
        let problem = parse::<Example>(body.as_bytes()).expect_err(body);
        let sent = serde_json::to_value(problem.body()).unwrap();
        assert_eq!(
            (problem.code(), sent["field"].as_str()),
            (code, field),
            "{body}: {problem}"
        );
        for word in ["struct", "sequence", "Example"] {
            assert!(!problem.to_string().contains(word), "{body}: {problem}");
        }
    }
    let problem = parse::<Example>(b"{\"url\":\"\xff\"}").unwrap_err();
    assert_eq!(problem.code(), Code::InvalidUtf8);
}

#[test]
fn a_problem_repeats_no_values_and_only_the_start_of_names() {
    let secret = "hunter2".repeat(20);
    for body in [
        format!(r#"{{"url":{{"{secret}":1}}}}"#),
        format!(r#"{{"events":"{secret}"}}"#),
        format!(r#"{{"{secret}":"{secret}"}}"#),
        format!(r#"{{"url":"a","{}":1}}"#, "`, expected `".repeat(100)),
    ] {
        let problem = parse::<Example>(body.as_bytes()).unwrap_err();
        assert!(problem.to_string().len() < 300, "{problem}");
        assert!(!problem.to_string().contains(&secret), "{problem}");
    }
}

#[test]
fn deep_json_is_refused_or_passed_without_recursion() {
    let deep = "[".repeat(200_000);
    assert_eq!(
        parse::<Example>(deep.as_bytes()).unwrap_err().code(),
        Code::InvalidJson
    );
    let closed = format!("{deep}{}", "]".repeat(200_000));
    assert!(parse::<Example>(closed.as_bytes()).is_err());
    let inside = format!(r#"{{"url":"a","data":{closed}}}"#);
    let parsed = parse::<Example>(inside.as_bytes()).unwrap();
    assert_eq!(parsed.data.unwrap().get(), closed);
    let wrong_place = format!(r#"{{"url":{closed}}}"#);
    assert_eq!(
        parse::<Example>(wrong_place.as_bytes()).unwrap_err().code(),
        Code::InvalidType
    );
}

#[test]
fn raw_parts_keep_their_bytes() {
    let data = r#"{ "z":1,"a":0.10,"n":12345678901234567890123456789.000e+07,"s":"\u00e9\/","z":2 }"#;
    let parsed = parse::<Example>(format!(r#"{{"url":"a","data":{data}}}"#).as_bytes()).unwrap();
    assert_eq!(parsed.data.unwrap().get(), data);
}

/// A body that gzip packed.
fn packed(body: &[u8]) -> Bytes {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body).unwrap();
    packer.finish().unwrap().into()
}

#[test]
fn what_was_packed_is_unpacked_up_to_its_limit() {
    let unpacked = |body: Bytes| unpack(body, Encoding::Gzip, 1000).map_err(|problem| problem.code());
    let zeros = |count: usize| packed(&vec![0; count]);
    assert_eq!(unpacked(packed(b"{}")).unwrap(), "{}");
    assert_eq!(unpacked(zeros(1000)).unwrap().len(), 1000);
    assert_eq!(unpacked(zeros(1001)).unwrap_err(), Code::BodyTooLarge);
    assert_eq!(unpacked(zeros(64 << 20)).unwrap_err(), Code::BodyTooLarge);
    // Several in one are one.
    assert_eq!(
        unpacked([packed(b"{"), packed(b"}")].concat().into()).unwrap(),
        "{}"
    );
    let good = packed(b"{\"a\":1}");
    for broken in [
        good.slice(..good.len() - 1),
        good.slice(..4),
        good.slice(1..),
        [good.clone(), Bytes::from_static(b"more")].concat().into(),
        Bytes::from_static(b"{}"),
    ] {
        assert_eq!(
            unpacked(broken.clone()).unwrap_err(),
            Code::BadRequest,
            "{broken:?}"
        );
    }
    assert_eq!(unpack(good.clone(), Encoding::Plain, 1).unwrap(), good);
}

#[test]
fn encodings() {
    let encoding = |given: &[&str]| {
        let mut request = Request::builder().content_type("application/json");
        for encoding in given {
            request = request.header("content-encoding", *encoding);
        }
        check_form(&request.finish()).map_err(|problem| problem.code())
    };
    for plain in [&[][..], &["identity"], &["Identity"]] {
        assert_eq!(encoding(plain), Ok(Encoding::Plain), "{plain:?}");
    }
    for gzip in ["gzip", "GZIP", "x-gzip"] {
        assert_eq!(encoding(&[gzip]), Ok(Encoding::Gzip), "{gzip}");
    }
    for other in [
        &["br"][..],
        &["gzip, gzip"],
        &["gzip", "gzip"],
        &["deflate"],
        &[""],
        &["identity", "gzip"],
    ] {
        assert_eq!(encoding(other), Err(Code::UnsupportedMediaType), "{other:?}");
    }
}

#[test]
fn content_types() {
    for good in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
        "application/json; ",
        "application/json; charset=utf8",
        "application/json; charset=us-ascii",
    ] {
        assert!(check_content_type(Some(good)).is_ok(), "{good}");
    }
    for bad in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "application/jsonp",
        "application/problem+json",
        "",
    ] {
        assert_eq!(
            check_content_type(Some(bad)).unwrap_err().code(),
            Code::UnsupportedMediaType
        );
    }
    assert!(check_content_type(None).is_err());
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_without_a_declared_length() {
    let chunks = |count: usize| {
        Body::from_bytes_stream(futures_util::stream::iter(
            (0..count).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"0123456789"))),
        ))
    };
    assert_eq!(read_body(chunks(0), 10).await.unwrap().len(), 0);
    assert_eq!(read_body(chunks(1), 10).await.unwrap().len(), 10);
    assert_eq!(
        read_body(chunks(3), 30).await.unwrap(),
        "012345678901234567890123456789"
    );
    assert_eq!(
        read_body(chunks(4), 30).await.unwrap_err().code(),
        Code::BodyTooLarge
    );
}
