use super::*;

const REWOUND: Rewind = Rewind {
    at: 1000,
    from: 7,
    to: 5,
};

#[test]
fn a_worker_is_missed_only_while_deliveries_wait() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut condition = Condition::default();
    for (seconds, reaped_at, waits, is_missed) in [
        (0, "", false, false),
        (100, "", false, false),
        (101, "", true, false),
        (119, "", true, false),
        (120, "", true, true),
        (121, "1", true, false),
        (140, "1", true, false),
        (141, "1", true, true),
        (142, "1", false, false),
        (143, "1", true, false),
    ] {
        condition.note_worker(at(seconds), reaped_at, waits);
        assert_eq!(condition.no_worker, is_missed, "{seconds}");
    }
}

#[test]
fn readiness_is_what_was_seen_last_and_not_for_long() {
    let start = Instant::now();
    let mut condition = Condition::default();
    assert_eq!(condition.readiness(start, None).reasons.len(), 1);
    condition.note_look(start, Ok(true));
    assert_eq!(condition.readiness(start, None), Readiness::default());
    let late = condition.readiness(start + Duration::from_secs(6), None);
    assert_eq!(late.reasons, ["Redis has not answered for 6 seconds"]);
    condition.note_look(start, Ok(false));
    assert_eq!(
        condition.readiness(start, None).reasons,
        ["Redis is out of memory"]
    );
    condition.note_look(start, Err(&StoreError::Unsafe("x".to_owned())));
    assert_eq!(condition.readiness(start, None).reasons.len(), 1);
    condition.note_look(start, Ok(true));
    let replaced = condition.readiness(start, Some(&Replaced::Empty));
    assert!(
        replaced.reasons[0].contains("webhooksctl store accept"),
        "{replaced:?}"
    );

    let newer = condition.readiness(start, Some(&Replaced::Schema("6".to_owned())));
    assert!(
        newer.reasons[0].contains("schema 6, this program knows 1, 2, 3, 4, 5")
            && !newer.reasons[0].contains("store accept"),
        "{newer:?}"
    );

    condition.note_rewind(REWOUND_FOR + 999, Some(REWOUND));
    assert_eq!(condition.readiness(start, None).warnings[0].code, "store_rewound");
    condition.note_rewind(REWOUND_FOR + 1000, Some(REWOUND));
    assert_eq!(condition.readiness(start, None).warnings, []);
}
