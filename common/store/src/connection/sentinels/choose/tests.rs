use super::*;

fn named(host: &str, epoch: u64) -> Answer {
    Answer::Named(Primary {
        address: (host.to_owned(), 6379),
        epoch,
    })
}

fn failed() -> Answer {
    Answer::Failed("refused".to_owned())
}

#[test]
fn the_latest_failover_counts() {
    let table: [(&[Answer], Option<u64>, Option<&str>); 9] = [
        (&[named("a", 0), named("a", 0), named("a", 0)], None, Some("a")),
        (&[named("a", 3)], None, Some("a")),
        (&[named("a", 3), named("b", 4), named("a", 3)], Some(3), Some("b")),
        (&[failed(), named("b", 4), Answer::Unknown], Some(4), Some("b")),
        (&[named("a", 3), Answer::NoSentinel], Some(3), Some("a")),
        // Only those that were away answer.
        (&[named("a", 3)], Some(4), None),
        (&[named("a", 3), failed(), failed()], Some(4), None),
        // Set up anew.
        (&[named("a", 0), named("a", 0), failed()], Some(4), Some("a")),
        (&[named("a", 0), named("b", 0), failed()], Some(4), None),
    ];
    for (answers, seen, host) in table {
        let found = choose("main", answers, 3, seen);
        let found = found.as_ref().map(|primary| primary.address.0.as_str()).ok();
        assert_eq!(found, host, "{answers:?} after {seen:?}");
    }
}

#[test]
fn only_what_all_say_is_final() {
    let nowhere: [&[Answer]; 3] = [
        &[Answer::Unknown, Answer::Unknown, Answer::Unknown],
        &[Answer::Unknown, Answer::NoSentinel, Answer::Unknown],
        &[Answer::NoSentinel, Answer::NoSentinel, Answer::NoSentinel],
    ];
    for answers in nowhere {
        let found = choose("main", answers, 3, None);
        assert!(matches!(found, Err(Lost::Nowhere(_))), "{answers:?}: {found:?}");
    }
    let meanwhile: [&[Answer]; 5] = [
        &[],
        &[Answer::Unknown, Answer::Unknown],
        &[Answer::Unknown, failed(), Answer::Unknown],
        &[failed(), failed(), failed()],
        &[Answer::NoSentinel, failed(), failed()],
    ];
    for answers in meanwhile {
        let found = choose("main", answers, 3, None);
        assert!(matches!(found, Err(Lost::Meanwhile(_))), "{answers:?}: {found:?}");
    }
}

#[test]
fn a_refusal_is_told_rather_than_a_silence() {
    let answers = [failed(), Answer::Refused("NOAUTH".to_owned()), failed()];
    let found = choose("main", &answers, 3, None);
    assert_eq!(
        found,
        Err(Lost::Meanwhile("no sentinel answers: NOAUTH".to_owned()))
    );
}
