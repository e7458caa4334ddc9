use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn places_round_trip_and_sort_as_redis_sorts_them(one in any::<(u64, u64)>(), other in any::<(u64, u64)>()) {
        let [one_id, other_id] = [one, other].map(|(ms, number)| EntryId::new(ms, number));
        prop_assert_eq!(one_id.to_string().parse::<EntryId>().unwrap(), one_id);
        prop_assert_eq!(one_id.cmp(&other_id), one.cmp(&other));
    }

    #[test]
    fn a_range_before_a_place_is_one_that_redis_takes(ms in 1..u64::MAX) {
        prop_assert_eq!(EntryId::new(ms, 0).before(), format!("({ms}-0"));
        prop_assert_eq!(EntryId::default().before(), "0-0");
    }

    #[test]
    fn no_text_breaks_the_parser(text in ".{0,40}") {
        let _place = text.parse::<EntryId>();
    }
}
