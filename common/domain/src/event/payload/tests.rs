use super::*;
use proptest::prelude::*;

fn build(data: &str) -> Result<String, PayloadError> {
    let time = "2026-03-26T15:30:00Z".parse().unwrap();
    Payload::build(EventType::LeadCaptured, "cmf9n7u1c", time, data, 262_144)
        .map(|payload| String::from_utf8(payload.as_bytes().to_vec()).unwrap())
}

#[test]
fn the_payload_is_the_documented_one() {
    assert_eq!(
        build(r#"{ "leadId": "clx", "name": "John Doe" }"#).unwrap(),
        r#"{"event":"lead.captured","chatbotId":"cmf9n7u1c","timestamp":"2026-03-26T15:30:00.000Z","data":{"leadId":"clx","name":"John Doe"}}"#
    );
}

#[test]
fn data_keeps_its_order_numbers_and_escapes() {
    let data = r#"{"z":1,"a":0.10,"n":12345678901234567890123456789.000e+07,"s":"a b\u00e9\/\"\\ ","z":[ ]}"#;
    let sent = build(&format!("\n\t {data} ")).unwrap();
    assert!(
        sent.ends_with(&format!("\"data\":{}}}", data.replace("[ ]", "[]"))),
        "{sent}"
    );
}

#[test]
fn data_is_found_in_the_payload_whatever_stands_before_it() {
    let time = Timestamp::from_millis(0).unwrap();
    for chatbot in ["c", "\",\"data\":{}", "}", "ä\\"] {
        let payload = Payload::build(
            EventType::LeadCaptured,
            chatbot,
            time,
            " { \"data\": {} }\n",
            1000,
        )
        .unwrap();
        assert_eq!(payload.data(), br#"{"data":{}}"#);
    }
}

#[test]
fn only_objects_of_bounded_depth_and_size_pass() {
    for other in ["[]", "1", "\"{\"", "null", "true"] {
        assert_eq!(build(other), Err(PayloadError::NotAnObject));
    }
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(build(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(build(&nested(MAX_DEPTH + 1)), Err(PayloadError::TooDeep));
    let time = Timestamp::from_millis(0).unwrap();
    let exact = Payload::build(EventType::TicketCreated, "c", time, "{}", 1000)
        .unwrap()
        .as_bytes()
        .len();
    assert!(Payload::build(EventType::TicketCreated, "c", time, "{}", exact).is_ok());
    assert!(Payload::build(EventType::TicketCreated, "c", time, "{}", exact - 1).is_err());
}

#[test]
fn a_payload_says_its_type() {
    let built = Payload::build(EventType::MessageSent, "bot", Timestamp::now(), "{}", 1000).unwrap();
    assert_eq!(kind_of(built.as_bytes()), Some("message.sent"));
    for other in [
        "",
        "{}",
        r#"{"event":"#,
        r#"{"event":"a"#,
        r#"{"event":"""#,
        r#"{"event":"a\"b"}"#,
        r#"{"chatbotId":"a"}"#,
    ] {
        assert_eq!(kind_of(other.as_bytes()), None, "{other}");
    }
}

proptest! {
    #[test]
    fn the_payload_is_json_with_the_same_data(keys in proptest::collection::vec("\\PC{0,12}", 0..6), chatbot in "\\PC{1,20}") {
        let data: serde_json::Map<_, _> = keys.into_iter().map(|key| (key.clone(), serde_json::json!([key, {"n": 1.5}]))).collect();
        let text = serde_json::to_string_pretty(&data).unwrap();
        let time = Timestamp::from_millis(1).unwrap();
        let payload = Payload::build(EventType::MessageSent, &chatbot, time, &text, 262_144).unwrap();
        let parsed: serde_json::Value = serde_json::from_slice(payload.as_bytes()).unwrap();
        let compact = serde_json::Value::from(data.clone()).to_string();
        prop_assert_eq!(payload.data(), compact.as_bytes());
        prop_assert_eq!(&parsed["chatbotId"], &serde_json::json!(chatbot));
        prop_assert_eq!(&parsed["data"], &serde_json::Value::Object(data));
    }
}
