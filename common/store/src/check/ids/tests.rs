use super::*;
use domain::id::EndpointId;

#[test]
fn ids_come_back_as_they_were() {
    for _ in 0..200 {
        let (event, endpoint) = (EventId::new(1_790_000_000_000), EndpointId::random());
        let delivery = DeliveryId::of(&event, &endpoint);
        for id in [&delivery, &delivery.replay(), &delivery.replay_as(0)] {
            let key: DeliveryKey = id.as_str().parse().unwrap();
            assert_eq!(key.to_string(), id.as_str());
            assert_eq!(key.event().to_string(), event.as_str());
            assert_eq!(key.endpoint().to_string(), endpoint.as_str());
            assert_eq!(key.event(), event.as_str().parse().unwrap());
            assert_eq!(key.endpoint(), endpoint.as_str().parse().unwrap());
            assert_eq!(key.is_replay(), id.is_replay());
        }
    }
    assert_eq!(size_of::<DeliveryKey>(), 32);
}

#[test]
fn what_is_no_id_is_none() {
    let (event, endpoint) = ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "zzzzzzzzzzzzzzzz");
    assert!(format!("dlv_{event}_{endpoint}").parse::<DeliveryKey>().is_ok());
    for bad in [
        String::new(),
        "dlv_".to_owned(),
        format!("dlv_{event}"),
        format!("dlv_{event}_{endpoint}_"),
        format!("dlv_{event}_{endpoint}_1234567"),
        format!("dlv_{event}_{endpoint}_12345678_"),
        format!("dlv_8{}_{endpoint}", &event[1..]),
        format!("dlv_{event}_{}u", &endpoint[1..]),
        format!("evt_{event}"),
    ] {
        assert!(bad.parse::<DeliveryKey>().is_err(), "{bad}");
    }
}
