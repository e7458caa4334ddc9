use super::*;

fn arrival(id: &str, number: u32, sent: u64, at: u64) -> Option<Arrival> {
    let body = format!(r#"{{"event":"e","data":{{"n":{number},"sent":{sent},"fill":"x"}}}}"#);
    Arrival::read(id.as_bytes(), body.as_bytes(), at)
}

#[test]
fn an_event_counts_once_for_each_path_and_its_first_arrival_is_what_counts() {
    let arrivals = Arrivals::default();
    arrivals.record("/instant/0", arrival("a", 0, 100, 1100));
    arrivals.record("/instant/0", arrival("a", 0, 100, 9100));
    arrivals.record("/instant/1", arrival("a", 0, 100, 3100));
    arrivals.record("/hang/0", arrival("b", 1, 100, 5100));
    arrivals.record("/instant/0", None);
    let instant = arrivals.arrived("/instant/", true);
    assert_eq!(
        (
            instant.requests,
            instant.distinct,
            instant.duplicates,
            instant.strangers
        ),
        (4, 2, 1, 1)
    );
    assert_eq!((instant.first_at, instant.last_at), (Some(1100), Some(3100)));
    let latency = instant.latency.unwrap();
    assert_eq!((latency.count, latency.p50, latency.max), (2, 1.0, 3.0));
    assert_eq!(arrivals.arrived("/", false).distinct, 3);
    assert_eq!(arrivals.arrived("/", false).latency, None);
    arrivals.forget();
    assert_eq!(arrivals.arrived("/", true), Arrived::default());
}

#[test]
fn an_event_that_was_accepted_twice_is_no_duplicate_of_its_id_but_counts_once() {
    let arrivals = Arrivals::default();
    arrivals.record("/instant/0", arrival("a", 0, 0, 1));
    arrivals.record("/instant/0", arrival("b", 0, 0, 2));
    let all = arrivals.arrived("/", false);
    assert_eq!((all.requests, all.distinct, all.duplicates), (2, 1, 0));
}

#[test]
fn the_most_that_are_open_at_one_time_are_counted() {
    let arrivals = Arc::<Arrivals>::default();
    let one = Open::count(&arrivals);
    let two = Open::count(&arrivals);
    drop(two);
    let three = Open::count(&arrivals);
    assert_eq!(arrivals.arrived("/", false).most_at_once, 2);
    drop(one);
    arrivals.forget();
    assert_eq!(arrivals.arrived("/", false).most_at_once, 1);
    drop(three);
}

#[test]
fn what_the_load_generator_did_not_send_is_no_arrival() {
    for body in [
        "",
        "{}",
        r#"{"n":}"#,
        r#"{"n":1}"#,
        r#"{"n":99999999999,"sent":1}"#,
    ] {
        assert_eq!(Arrival::read(b"a", body.as_bytes(), 1), None, "{body}");
    }
}
