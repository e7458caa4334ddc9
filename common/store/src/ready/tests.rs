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
fn a_refusal_gives_all_its_reasons_and_the_variable() {
    let refused = |reasons: &[&str]| Refused {
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
    };
    let server = refused(&["set `noeviction`", "set `appendonly yes`"]);
    assert_eq!(
        server.to_string(),
        "REDIS_URL: set `noeviction`; set `appendonly yes`"
    );
    let shards = refused(&["SHARDS is 2, and the store has 1"]);
    assert_eq!(shards.to_string(), "SHARDS is 2, and the store has 1");
}
