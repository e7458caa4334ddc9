use super::*;
use proptest::prelude::*;

#[test]
fn phases_are_written_and_read_in_tenths_of_a_millisecond() {
    let all = Phases {
        dns: Some(Duration::from_micros(1_200)),
        connect: Some(Duration::from_micros(800)),
        tls: Some(Duration::from_micros(3_100)),
        first_byte: Some(Duration::from_millis(5)),
    };
    assert_eq!(phases_text(&all), "dns=1.2 connect=0.8 tls=3.1 firstByte=5.0");
    assert_eq!(phases(&phases_text(&all)), all);
    assert_eq!(phases_text(&Phases::default()), "");
    assert_eq!(phases("dns=x nothing firstByte=-1"), Phases::default());
}

proptest! {
    #[test]
    fn places_round_trip_and_sort_as_redis_sorts_them(one in any::<(u64, u64)>(), other in any::<(u64, u64)>()) {
        let [one_id, other_id] = [one, other].map(|(ms, number)| EntryId { ms, number });
        prop_assert_eq!(one_id.to_string().parse::<EntryId>().unwrap(), one_id);
        prop_assert_eq!(one_id.cmp(&other_id), one.cmp(&other));
    }

    #[test]
    fn a_range_before_a_place_is_one_that_redis_takes(ms in 1..u64::MAX) {
        prop_assert_eq!(EntryId { ms, number: 0 }.before(), format!("({ms}-0"));
        prop_assert_eq!(EntryId::default().before(), "0-0");
    }

    #[test]
    fn no_text_breaks_the_parsers(text in ".{0,40}") {
        let _place = text.parse::<EntryId>();
        let _phases = phases(&text);
    }
}
