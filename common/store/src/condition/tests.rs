use super::*;

const SAFE: [(&str, &str); 3] = [
    ("maxmemory-policy", "noeviction"),
    ("appendonly", "yes"),
    ("appendfsync", "always"),
];

fn judged(settings: &[(&str, &str)], info: &str, durability: AckDurability, budget: Option<u64>) -> Settings {
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let expected = Expectations {
        durability,
        budget_bytes: budget,
    };
    judge(Some(&settings), info, expected)
}

fn codes(found: &Settings) -> Vec<&str> {
    found.warnings.iter().map(|warning| warning.code).collect()
}

#[test]
fn eviction_is_refused_and_weak_durability_is_told() {
    let with = |place: usize, value: &'static str| {
        let mut settings = SAFE;
        settings[place].1 = value;
        settings
    };
    for (settings, durability, is_danger, warnings) in [
        (SAFE, AckDurability::Aof, false, vec![]),
        (with(0, "allkeys-lru"), AckDurability::Aof, true, vec![]),
        (with(0, "allkeys-random"), AckDurability::Memory, true, vec![]),
        (
            with(0, "volatile-ttl"),
            AckDurability::Aof,
            false,
            vec!["eviction"],
        ),
        (with(2, "everysec"), AckDurability::Aof, false, vec!["durability"]),
        (with(2, "everysec"), AckDurability::Memory, false, vec![]),
        (with(1, "no"), AckDurability::Aof, false, vec!["durability"]),
    ] {
        let found = judged(&settings, "", durability, None);
        assert_eq!(
            (found.danger.is_some(), codes(&found)),
            (is_danger, warnings),
            "{settings:?}"
        );
    }
    let expected = Expectations {
        durability: AckDurability::Aof,
        budget_bytes: None,
    };
    assert_eq!(codes(&judge(None, "", expected)), ["config_unreadable"]);
}

#[test]
fn memory_and_the_file_are_told_of() {
    let info = |used: u64, limit: u64, status: &str| {
        format!(
            "# Memory\r\nused_memory:{used}\r\nmaxmemory:{limit}\r\n# Persistence\r\naof_enabled:1\r\n\
             aof_last_bgrewrite_status:{status}\r\naof_last_write_status:{status}\r\n"
        )
    };
    for (info, budget, warnings) in [
        (info(79, 100, "ok"), None, vec![]),
        (info(80, 100, "ok"), None, vec!["store_nearly_full"]),
        (info(50, 100, "ok"), Some(60), vec!["store_nearly_full"]),
        (info(80, 1000, "ok"), Some(2000), vec![]),
        (info(50, 0, "ok"), None, vec!["no_memory_limit"]),
        (info(50, 0, "ok"), Some(1000), vec![]),
        (
            info(1, 100, "err"),
            None,
            vec!["file_not_written", "file_not_rewritten"],
        ),
        (String::new(), None, vec![]),
    ] {
        let found = judged(&SAFE, &info, AckDurability::Aof, budget);
        assert_eq!(codes(&found), warnings, "{info} {budget:?}");
    }
}

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
        condition.worker_seen(at(seconds), reaped_at, waits);
        assert_eq!(condition.no_worker, is_missed, "{seconds}");
    }
}

#[test]
fn readiness_is_what_was_seen_last_and_not_for_long() {
    let start = Instant::now();
    let mut condition = Condition::default();
    assert_eq!(condition.readiness(start, None).reasons.len(), 1);
    condition.looked(start, Ok(true));
    assert_eq!(condition.readiness(start, None), Readiness::default());
    let late = condition.readiness(start + Duration::from_secs(6), None);
    assert_eq!(late.reasons, ["Redis has not answered for 6 seconds"]);
    condition.looked(start, Ok(false));
    assert_eq!(
        condition.readiness(start, None).reasons,
        ["Redis is out of memory"]
    );
    condition.looked(start, Err(&StoreError::Unsafe("x".to_owned())));
    assert_eq!(condition.readiness(start, None).reasons.len(), 1);
    condition.looked(start, Ok(true));
    let replaced = condition.readiness(start, Some(&Replaced::Empty));
    assert!(
        replaced.reasons[0].contains("webhooksctl store accept"),
        "{replaced:?}"
    );

    condition.rewound(REWOUND_FOR + 999, Some((1000, 7, 5)));
    assert_eq!(condition.readiness(start, None).warnings[0].code, "store_rewound");
    condition.rewound(REWOUND_FOR + 1000, Some((1000, 7, 5)));
    assert_eq!(condition.readiness(start, None).warnings, []);
}
