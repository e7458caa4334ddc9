use super::*;

#[test]
fn pauses_double_up_to_a_second() {
    let pauses: Vec<_> = (0..7).map(|failures| pause_after(failures).as_millis()).collect();
    assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
    assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
}

#[test]
fn the_first_failure_is_logged_and_then_one_every_fifteen_seconds() {
    let start = Instant::now();
    let mut log = Seldom::every(LOG_EVERY);
    let logged: Vec<_> = (0..40)
        .filter(|second| log.is_due(start + Duration::from_secs(*second)))
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
