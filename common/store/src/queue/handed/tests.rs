//! What a worker was handed is read field by field, and refused as a whole if one is missing.

use super::*;

fn packed(fields: &[&str]) -> String {
    fields
        .iter()
        .map(|field| format!("{}:{field}", field.len()))
        .collect()
}

fn element(body: &str) -> String {
    let endpoint = packed(&[
        "ep_0123456789abcdef",
        "org:org_1",
        "https://a.example/",
        "",
        "v2.0123abcd.1.c2VjcmV0",
        "0",
        "",
        "0",
    ]);
    let event = packed(&["evt_01hzy5yd2k3v4x5z6a7b8c9d0e", "lead.captured", body, ""]);
    let delivery = |end: &str| {
        packed(&[
            &format!("dlv_01hzy5yd2k3v4x5z6a7b8c9d0e_0123456789abcde{end}"),
            "abc:17h 1700000020000|a.example:443 org:org_1|1|1|1|8",
            &endpoint,
        ])
    };
    let deliveries = packed(&[&delivery("e"), &delivery("f")]);
    packed(&["17", "1700000000000", &event, &deliveries])
}

fn read(key: &str, element: &str) -> Result<Woken, StoreError> {
    let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
    Woken::read(Value::Array(vec![text(key), text(element)]))
}

#[test]
fn a_delivery_is_read_with_all_that_belongs_to_it() {
    let body = r#"{"text":"3:a: ü"}"#;
    let woken = read("wh:{0}:handed:abc", &element(body)).unwrap();
    let Woken::Handed(handed) = woken else {
        panic!("{woken:?}")
    };
    assert_eq!((handed.after, handed.at.as_millis()), (17, 1_700_000_000_000));
    let [first, leased] = handed.leased.as_slice() else {
        panic!("{handed:?}")
    };
    assert_ne!(first.delivery, leased.delivery);
    assert_eq!((leased.attempt, leased.event.body.as_ref()), (1, body.as_bytes()));
    assert_eq!(leased.endpoint.url, "https://a.example/");
    assert!(leased.event.trace.is_none());
}

#[test]
fn the_key_tells_a_token_from_a_delivery() {
    assert!(matches!(read("wh:{3}:wake", "1"), Ok(Woken::Token)));
    assert!(matches!(Woken::read(Value::Nil), Ok(Woken::Nothing)));
}

#[test]
fn what_is_cut_short_is_refused() {
    let whole = element("{}");
    for end in 0..whole.len() {
        assert!(read("wh:{0}:handed:abc", &whole[..end]).is_err(), "{end}");
    }
    for broken in ["x:", "99999999999999999999:a", ":", "1"] {
        assert!(read("wh:{0}:handed:abc", broken).is_err(), "{broken}");
    }
}
