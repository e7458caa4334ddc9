use std::num::NonZeroU16;

use super::super::expected::Assumed;
use super::*;

const SAFE: [(&str, &str); 3] = [
    ("maxmemory-policy", "noeviction"),
    ("appendonly", "yes"),
    ("appendfsync", "always"),
];

fn judged(settings: &[(&str, &str)], info: &str, durability: AckDurability, budget: Option<u64>) -> Setup {
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let expected = Expectations {
        durability,
        assumed: None,
        budget_bytes: budget,
    };
    judge(Some(&settings), info, &expected)
}

fn codes(found: &Setup) -> Vec<&str> {
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
}

#[test]
fn where_settings_cant_be_read_the_operators_word_stands_in_for_them_but_not_for_what_is_seen() {
    let mut expected = Expectations {
        durability: AckDurability::Aof,
        assumed: None,
        budget_bytes: None,
    };
    assert_eq!(codes(&judge(None, "", &expected)), ["config_unreadable"]);
    expected.assumed = Some(Assumed::parse("In three zones.").unwrap());
    let found = judge(None, "", &expected);
    assert_eq!(
        (codes(&found), found.assumed.as_deref()),
        (vec![], Some("In three zones."))
    );
    let evicts = judge(None, "maxmemory_policy:allkeys-lru\r\n", &expected);
    assert!(evicts.danger.is_some());
    let settings = SAFE.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let told = judge(Some(&HashMap::from(settings)), "", &expected);
    assert_eq!(told.assumed, None, "the server says it itself");
}

#[test]
fn too_few_replicas_are_told_of() {
    let info = |state: &str| {
        format!("run_id:4f2a\r\nrole:master\r\nslave0:ip=::1,port=1,state={state},offset=0,lag=0\r\n")
    };
    for (wanted, state, warnings) in [
        (1, "online", vec![]),
        (2, "online", vec!["too_few_replicas"]),
        (1, "send_bulk", vec!["too_few_replicas"]),
    ] {
        let wanted = AckDurability::Replicas(NonZeroU16::new(wanted).unwrap());
        let found = judged(&SAFE, &info(state), wanted, None);
        assert_eq!(codes(&found), warnings, "{wanted:?} {state}");
    }
    let weak = [("appendonly", "no")];
    let wanted = AckDurability::Replicas(NonZeroU16::MIN);
    assert_eq!(codes(&judged(&weak, "", wanted, None)), ["durability"]);
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
