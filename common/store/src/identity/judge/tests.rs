use super::*;

fn id(text: &str) -> Option<StoreId> {
    Some(text.parse().unwrap())
}

/// A program that works on store `a`, and has seen 100 writes at 1,000 ms.
fn knows_a() -> Known {
    Known {
        insists_on: None,
        identity: id("a"),
        writes: 100,
        at: 1000,
    }
}

fn insists_on_a() -> Known {
    Known {
        insists_on: id("a"),
        ..Known::default()
    }
}

fn sees(identity: &str, writes: u64, accepted_at: u64) -> Sight {
    Sight {
        now: 2000,
        identity: id(identity),
        schema: Some("1".to_owned()),
        writes,
        accepted_at,
        ..Sight::default()
    }
}

fn other() -> Verdict {
    Verdict::Replaced(Replaced::Other("b".parse().unwrap()))
}

fn unmarked() -> Sight {
    Sight {
        has_others: true,
        ..Sight::default()
    }
}

/// A store of a release that knew no identities.
fn of_before() -> Sight {
    Sight {
        schema: Some("1".to_owned()),
        ..unmarked()
    }
}

#[test]
fn a_program_that_starts_takes_any_store_or_insists_on_one() {
    let nobody = Known::default();
    let empty = Sight::default();
    let no_mark = Verdict::Replaced(Replaced::Unmarked);
    let is_empty = Verdict::Replaced(Replaced::Empty);
    for (name, known, sight, verdict) in [
        ("any store", &nobody, sees("a", 7, 0), Verdict::Fine),
        ("the wanted one", &insists_on_a(), sees("a", 7, 0), Verdict::Fine),
        ("another", &insists_on_a(), sees("b", 7, 0), other()),
        ("another, accepted", &insists_on_a(), sees("b", 7, 9000), other()),
        ("the very first start", &nobody, empty.clone(), Verdict::Create),
        ("nothing, but it insists", &insists_on_a(), empty, is_empty),
        ("no mark", &nobody, unmarked(), no_mark),
        ("the previous release", &nobody, of_before(), Verdict::Adopt),
        (
            "the same, and it insists",
            &insists_on_a(),
            of_before(),
            Verdict::Adopt,
        ),
    ] {
        assert_eq!(judge(known, &sight), verdict, "{name}");
    }
}

#[test]
fn a_program_that_runs_holds_the_store_against_what_it_remembers() {
    let both = Known {
        insists_on: id("a"),
        ..knows_a()
    };
    let no_mark = Verdict::Replaced(Replaced::Unmarked);
    let is_empty = Verdict::Replaced(Replaced::Empty);
    let back = Verdict::Rewound { from: 100, to: 99 };
    let lost = Verdict::FailedOver { from: 100, to: 99 };
    let elsewhere = |writes: u64| Sight {
        failed_over: true,
        ..sees("a", writes, 0)
    };
    for (name, known, sight, verdict) in [
        ("the same", knows_a(), sees("a", 100, 0), Verdict::Fine),
        ("later", knows_a(), sees("a", 101, 500), Verdict::Fine),
        ("set back", knows_a(), sees("a", 99, 0), back.clone()),
        ("a new primary lacks some", knows_a(), elsewhere(99), lost),
        ("a new primary has all", knows_a(), elsewhere(100), Verdict::Fine),
        ("accepted before", knows_a(), sees("a", 99, 1000), back.clone()),
        ("set back, insists", both.clone(), sees("a", 99, 0), back),
        ("accepted", knows_a(), sees("a", 99, 1001), Verdict::Accepted),
        ("another", knows_a(), sees("b", 7, 0), other()),
        ("accepted long ago", knows_a(), sees("b", 7, 999), other()),
        ("accepted now", knows_a(), sees("b", 7, 1500), Verdict::Accepted),
        ("accepted, but it insists", both, sees("b", 7, 1500), other()),
        ("emptied", knows_a(), Sight::default(), is_empty.clone()),
        (
            "an empty new primary",
            knows_a(),
            Sight {
                failed_over: true,
                ..Sight::default()
            },
            is_empty,
        ),
        ("no mark", knows_a(), unmarked(), no_mark.clone()),
        ("a copy of before it had a mark", knows_a(), of_before(), no_mark),
    ] {
        assert_eq!(judge(&known, &sight), verdict, "{name}");
    }
}

#[test]
fn a_schema_that_this_version_does_not_know_is_left_alone() {
    let with_schema = |schema: &str| Sight {
        schema: Some(schema.to_owned()),
        ..sees("a", 100, 0)
    };
    for known in [Known::default(), knows_a(), insists_on_a()] {
        for schema in ["1", "2", "3", "4", "5"] {
            assert_eq!(judge(&known, &with_schema(schema)), Verdict::Fine, "{schema}");
        }
        for schema in ["6", "0", "", "what"] {
            let unknown = Verdict::Replaced(Replaced::Schema(schema.to_owned()));
            assert_eq!(judge(&known, &with_schema(schema)), unknown, "{schema}");
        }
    }
}
