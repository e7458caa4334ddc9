use super::*;

#[test]
fn the_delivered_body_has_the_size_that_was_asked_for() {
    for events in [Events::of("org:a", 600), Events::of("org:a", 600).varied()] {
        for (number, sent) in [(0, 1), (99_999, 123_456_789_012)] {
            assert_eq!(events.delivered(number, sent).len(), 600);
        }
    }
}

#[test]
fn accounts_and_chatbots_take_turns() {
    let events = Events {
        accounts: vec!["org:a".to_owned(), "org:b".to_owned()],
        chatbots: 2,
        ..Events::of("", 0)
    };
    let of = |number| {
        let event: serde_json::Value = serde_json::from_slice(&events.request(number, 5)).unwrap();
        assert_eq!(
            (&event["data"]["n"], &event["data"]["sent"]),
            (&number.into(), &5.into())
        );
        format!("{} {}", event["accountId"], event["chatbotId"])
    };
    assert_eq!(of(0), r#""org:a" "bot_00""#);
    assert_eq!(of(1), r#""org:b" "bot_00""#);
    assert_eq!(of(2), r#""org:a" "bot_01""#);
    assert_eq!(of(4), of(0));
    let batch: serde_json::Value = serde_json::from_slice(&events.batch(0..3, 5)).unwrap();
    assert_eq!(batch["events"].as_array().unwrap().len(), 3);
}
