use super::*;
use proptest::prelude::*;

#[test]
fn a_delivery_id_names_its_event_and_endpoint() {
    let (event, endpoint) = (EventId::new(1_790_000_000_000), EndpointId::random());
    let delivery = DeliveryId::of(&event, &endpoint);
    assert_eq!(delivery.event(), event);
    assert_eq!(delivery.event().time().as_millis(), 1_790_000_000_000);
    assert_eq!(delivery.endpoint(), endpoint);
    assert!(!delivery.is_replay());
    assert_eq!(delivery.as_str().parse::<DeliveryId>().unwrap(), delivery);
    let replay = delivery.replay();
    assert!(replay.is_replay() && replay != delivery.replay());
    assert_eq!(replay.as_str().parse::<DeliveryId>().unwrap(), replay);
    assert_eq!(delivery.replay_as(7), delivery.replay_as((1 << 40) + 7));
    assert_ne!(delivery.replay_as(7), delivery.replay_as((1 << 39) + 7));
    assert_eq!((replay.event(), replay.replay().endpoint()), (event, endpoint));
}

#[test]
fn accounts_carry_their_kind() {
    for good in ["org:org_2abc", "user:user_2XYZ", "org:a.b-c_d"] {
        assert_eq!(good.parse::<AccountId>().unwrap().as_str(), good);
    }
    let long = format!("org:{}", "x".repeat(101));
    for bad in [
        "",
        "org:",
        "org_2abc",
        "team:x",
        "org:a b",
        "org:ä",
        "org:a:b",
        "ORG:x",
        long.as_str(),
    ] {
        assert!(bad.parse::<AccountId>().is_err(), "{bad}");
    }
}

#[test]
fn the_issuers_ids_alone_mean_the_same_accounts() {
    let longest = format!("org_{}", "x".repeat(96));
    for (given, account) in [
        ("org_2abc", "org:org_2abc"),
        ("user_2XYZ", "user:user_2XYZ"),
        ("org:org_2abc", "org:org_2abc"),
        ("user:legacy", "user:legacy"),
        (longest.as_str(), &format!("org:{longest}")),
    ] {
        assert_eq!(AccountId::from_outside(given).unwrap().as_str(), account);
    }
    let long = format!("{longest}x");
    for bad in [
        "",
        "org_",
        "user_",
        "org",
        "orgs_2abc",
        "sess_2abc",
        "Org_2abc",
        "org_a b",
        "org_a:b",
        &long,
    ] {
        assert!(AccountId::from_outside(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn event_ids_round_trip_and_sort_by_time(first in 0_u64..1 << 47, later in 1_u64..1 << 46) {
        let (one, two) = (EventId::new(first), EventId::new(first + later));
        prop_assert_eq!(one.as_str().parse::<EventId>().unwrap(), one.clone());
        prop_assert!(one < two);
    }

    #[test]
    fn no_text_breaks_the_parsers(text in ".{0,80}") {
        for prefix in ["", "ep_", "evt_", "dlv_", "org:"] {
            let text = format!("{prefix}{text}");
            if let Ok(id) = text.parse::<EndpointId>() { prop_assert_eq!(id.as_str(), &text); }
            if let Ok(id) = text.parse::<EventId>() { prop_assert_eq!(id.as_str(), &text); }
            if let Ok(id) = text.parse::<DeliveryId>() { prop_assert_eq!(id.as_str(), &text); }
            if let Ok(id) = text.parse::<AccountId>() { prop_assert_eq!(id.as_str(), &text); }
        }
    }
}

#[test]
fn accounts_that_are_made_of_clerks_ids_are_told_from_others() {
    for (account, is) in [
        ("org:org_2abc", true),
        ("user:user_2abc", true),
        ("org:user_2abc", false),
        ("org:acme", false),
        ("user:42", false),
    ] {
        assert_eq!(
            account.parse::<AccountId>().unwrap().is_of_clerk(),
            is,
            "{account}"
        );
    }
}
