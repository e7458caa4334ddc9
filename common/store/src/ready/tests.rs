use super::*;

#[test]
fn pauses_double_up_to_a_second() {
    let mut patience = Patience::default();
    let pauses: Vec<_> = (0..7).map(|_| patience.pause().as_millis()).collect();
    assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
    patience.pauses = u32::MAX;
    assert_eq!(patience.pause(), LONGEST_PAUSE);
}

#[test]
fn the_first_failure_is_logged_and_then_one_every_fifteen_seconds() {
    let start = Instant::now();
    let mut patience = Patience::default();
    let logged: Vec<_> = (0..40)
        .filter(|second| patience.is_to_be_logged(start + Duration::from_secs(*second)))
        .collect();
    assert_eq!(logged, [0, 15, 30]);
}

#[test]
fn a_refusal_gives_all_its_reasons() {
    let reasons = ["set `noeviction`".to_owned(), "set SHARDS to 2".to_owned()];
    let refused = Refused {
        reasons: reasons.to_vec(),
    };
    assert_eq!(refused.to_string(), "set `noeviction`; set SHARDS to 2");
}
