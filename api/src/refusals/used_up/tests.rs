use super::*;
use crate::access::Kind;

const MINUTE: Duration = Duration::from_secs(60);

fn account(name: impl std::fmt::Display) -> AccountId {
    format!("org:org_{name}").parse().unwrap()
}

fn share(name: &str) -> Share {
    Share::of(Kind::Session, &account(name))
}

fn quota(subject: Subject, left: u32, ends_in: Duration) -> Quota {
    Quota {
        subject,
        most: 600,
        left,
        ends_in,
    }
}

fn event(account: AccountId, key: Option<&str>) -> Counter {
    Counter {
        account,
        idempotency_key: key.map(str::to_owned),
    }
}

fn refused(quotas: Vec<Quota>) -> Counted {
    Counted {
        outcome: AcceptOutcome::RateLimited,
        quotas,
    }
}

#[test]
fn what_is_left_is_known_until_the_minute_ends() {
    let (known, now) = (Known::default(), Instant::now());
    known.note(account("a"), quota(Subject::Dashboard, 3, MINUTE), now);
    let later = now + MINUTE / 4;
    assert_eq!(
        known.find(&account("a"), later),
        Some(quota(Subject::Dashboard, 3, MINUTE / 4 * 3))
    );
    assert_eq!(known.find(&account("b"), later), None);
    assert_eq!(known.find(&account("a"), now + MINUTE), None);
}

#[test]
fn no_more_is_remembered_than_there_may_be_and_what_is_over_goes() {
    let (known, now) = (Known::default(), Instant::now());
    let used_up = quota(Subject::Account, 0, MINUTE);
    for number in 0..=MOST {
        known.note(account(number), used_up, now);
    }
    assert_eq!(known.0.lock().unwrap().len(), MOST);
    assert_eq!(known.find(&account(MOST), now), None, "there was no room for it");
    known.note(account(0), used_up, now + MINUTE / 2);
    let late = now + MINUTE;
    assert!(
        known.find(&account(0), late).is_some(),
        "who is known needs no room"
    );
    known.note(account(MOST), used_up, late);
    assert!(known.find(&account(MOST), late).is_some());
    assert_eq!(known.0.lock().unwrap().len(), 2);
}

#[test]
fn calls_are_refused_that_are_more_than_what_is_left() {
    let used_up = UsedUp::default();
    assert_eq!(used_up.calls(&share("a"), 100), None);
    used_up.note_calls(&share("a"), quota(Subject::Dashboard, 3, MINUTE));
    for (calls, is_refused) in [(1, false), (3, false), (4, true)] {
        let known = used_up.calls(&share("a"), calls);
        assert_eq!(known.is_some(), is_refused, "{calls}");
    }
    assert_eq!(used_up.calls(&share("b"), 100), None);
}

#[test]
fn events_are_refused_by_the_limits_that_are_used_up_and_repeats_once_they_were_refused_themselves() {
    let of_account = quota(Subject::Account, 0, MINUTE);
    let quotas = vec![quota(Subject::ServiceKey, 7, MINUTE), of_account];
    let used_up = UsedUp::default();
    let accepted = Counted {
        outcome: AcceptOutcome::OverBudget,
        quotas: quotas.clone(),
    };
    used_up.note_event("backend", event(account("a"), None), &accepted);
    assert!(used_up.event("backend", &event(account("a"), None)).is_none());

    used_up.note_event("backend", event(account("a"), Some("one")), &refused(quotas));
    for (key, whose, idempotency_key, is_refused) in [
        ("backend", "a", None, true),
        ("other", "a", None, true),
        ("backend", "b", None, false),
        ("backend", "a", Some("one"), true),
        ("backend", "a", Some("two"), false),
        ("backend", "b", Some("one"), false),
    ] {
        let known = used_up.event(key, &event(account(whose), idempotency_key));
        assert_eq!(known.is_some(), is_refused, "{key} {whose} {idempotency_key:?}");
        let subjects = known.map(|known| known.quotas.iter().map(|quota| quota.subject).collect());
        assert!(subjects.is_none_or(|subjects: Vec<_>| subjects == [Subject::Account]));
    }

    // A service key's is everybody's who pushes with it.
    let of_key = quota(Subject::ServiceKey, 0, MINUTE);
    used_up.note_event("backend", event(account("b"), None), &refused(vec![of_key]));
    assert!(used_up.event("backend", &event(account("c"), None)).is_some());
    assert!(used_up.event("other", &event(account("c"), None)).is_none());
}
