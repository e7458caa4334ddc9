use std::collections::HashSet;

use domain::address::AddressPolicy;
use domain::endpoint::{Chatbots, EndpointUrl, Filters, UrlPolicy};
use domain::sealing::{SealedHeaders, SealedSecret};

use super::*;

fn new() -> NewEndpoint {
    NewEndpoint {
        id: EndpointId::random(),
        account: "org:org_1".parse().unwrap(),
        url: url("https://example.com/hook"),
        events: vec!["lead.captured".parse().unwrap()],
        chatbots: Chatbots::default(),
        filters: Filters::default(),
        description: None,
        headers: SealedHeaders::default(),
        rate_limit: None,
        auto_resume: false,
        active: true,
        by: None,
        secret: SealedSecret::from_stored("v2.00000000.1.sealed".to_owned()),
    }
}

fn url(text: &str) -> EndpointUrl {
    let policy = UrlPolicy {
        allow_http: true,
        addresses: AddressPolicy::default(),
    };
    EndpointUrl::parse(text, &policy).unwrap()
}

#[test]
fn what_differs_for_each_call_is_no_part_of_what_was_asked_for() {
    let other = NewEndpoint {
        by: Some("user_2other".to_owned()),
        secret: SealedSecret::from_stored("v2.00000000.1.other".to_owned()),
        ..new()
    };
    assert_eq!(fingerprint(&new(), None, false), fingerprint(&other, None, false));
    // It is kept for a day, also from one release to the next.
    assert_eq!(
        fingerprint(&new(), None, false),
        "87a06b3d9103995de5c45a7db5dbf3c4"
    );
}

#[test]
fn every_setting_is_a_part_of_what_was_asked_for() {
    let text = |text: &str| Some(text.to_owned());
    let others = [
        new(),
        NewEndpoint {
            url: url("https://example.com/other"),
            ..new()
        },
        NewEndpoint {
            events: vec!["*".parse().unwrap()],
            ..new()
        },
        NewEndpoint {
            chatbots: text("bot").into(),
            ..new()
        },
        NewEndpoint {
            chatbots: Chatbots::new(vec!["bot".to_owned(), "other".to_owned()]),
            ..new()
        },
        NewEndpoint {
            filters: Filters::from_stored(r#"[{"pointer":"/a","exists":true}]"#),
            ..new()
        },
        NewEndpoint {
            description: text("bot"),
            ..new()
        },
        NewEndpoint {
            rate_limit: RateLimit::new(1),
            ..new()
        },
        NewEndpoint {
            auto_resume: true,
            ..new()
        },
        NewEndpoint {
            active: false,
            ..new()
        },
    ];
    let mut different: HashSet<_> = others.iter().map(|new| fingerprint(new, None, false)).collect();
    different.insert(fingerprint(&new(), None, true));
    assert_eq!(different.len(), others.len() + 1);
}

#[test]
fn headers_are_a_part_of_what_was_asked_for() {
    let keys: SecretsKeyring = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().unwrap();
    let header = |name, value| {
        let name = CustomName::parse(name, &"X-RKT".parse().unwrap()).unwrap();
        (name, CustomValue::parse(value).unwrap())
    };
    let asked = [
        vec![],
        vec![header("x-a", "1")],
        vec![header("x-a", "2")],
        vec![header("x-b", "1")],
        vec![header("x-a", "1"), header("x-b", "1")],
    ];
    let different: HashSet<_> = asked
        .iter()
        .map(|headers| fingerprint(&new(), tag_of(headers, &keys), false))
        .collect();
    assert_eq!(different.len(), asked.len());
    assert_eq!(tag_of(&[], &keys), None);
}
