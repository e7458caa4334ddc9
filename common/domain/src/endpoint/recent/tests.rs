use super::*;

const fn counts(succeeded: u64, failed: u64) -> AttemptCounts {
    AttemptCounts { succeeded, failed }
}

#[test]
fn what_the_scripts_keep_is_read() {
    let hour = 100 * 24 + 2;
    let recent = Recent::read(
        &format!("{hour} 3 1 !!P+"),
        &format!("{}:5:0 {}:7:2", hour - 3, hour - 1),
        "98:40:4 99:10:1",
        "1790000000000 - timeout no connection in time",
    );
    assert_eq!(recent.attempts(), 4);
    assert_eq!(recent.success_rate(), Some(0.75));
    assert_eq!(recent.in_hour(hour), counts(3, 1));
    assert_eq!(recent.in_hour(hour - 1), counts(7, 2));
    assert_eq!(recent.in_hour(hour - 2), counts(0, 0));
    // The hours before midnight are of the day before.
    assert_eq!(recent.on_day(100), counts(10, 3));
    assert_eq!(recent.on_day(99), counts(15, 1));
    assert_eq!(recent.on_day(98), counts(40, 4));
    let error = recent.last_error.unwrap();
    assert_eq!((error.status, error.error.as_str()), (None, "timeout"));
    assert_eq!(error.detail, "no connection in time");
}

#[test]
fn what_is_absent_or_unreadable_says_nothing() {
    assert_eq!(Recent::read("", "", "", ""), Recent::default());
    let odd = Recent::read("x y z \u{7f} ", "1:2 :: 3:4:5:6 a:b:c", "-", "soon 500 x");
    assert_eq!((odd.attempts(), odd.success_rate(), odd.p95()), (0, None, None));
    assert_eq!(odd.last_error, None);
}

#[test]
fn a_percentile_is_right_within_an_eighth() {
    for (ms, character) in [(1.0_f64, b'!'), (2.0, b'$'), (100.0, b'5'), (10_000.0, b'J')] {
        // As the script does.
        let step = (ms.ln() / 1.25_f64.ln()).floor();
        let marks = char::from(character).to_string().repeat(20);
        let p95 = Recent::read(&format!("1 20 0 {marks}"), "", "", "")
            .p95()
            .unwrap();
        let exact = SCALE.powf(step + 0.5) / 1000.0;
        assert!(
            (p95.as_secs_f64() - exact).abs() < exact / 1000.0,
            "{ms}: {p95:?}"
        );
        assert!(
            (p95.as_secs_f64() * 1000.0 / ms - 1.0).abs() < 0.125,
            "{ms}: {p95:?}"
        );
    }
    // One of twenty is beyond it.
    let mostly = format!("1 20 0 {}{}", "!".repeat(19), "N");
    assert!(Recent::read(&mostly, "", "", "").p95().unwrap() < Duration::from_millis(2));
}
