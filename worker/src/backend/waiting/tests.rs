use super::*;

#[test]
fn failures_that_come_together_go_in_several_calls() {
    for (successes, failures, expected) in [
        (0, 0, (0, 0)),
        (100, 0, (64, 0)),
        (0, 100, (0, 16)),
        (60, 10, (32, 8)),
        (60, 1, (60, 1)),
        (10, 100, (10, 13)),
        (100, 100, (32, 8)),
        (0, 1, (0, 1)),
    ] {
        assert_eq!(
            together(successes, failures),
            expected,
            "of {successes} successes and {failures} failures"
        );
    }
}

/// Of an event and an endpoint: `a1` is event 1 at endpoint `a`.
fn report(name: &str, outcome: Outcome) -> Report {
    let (endpoint, event) = name.split_at(1);
    let delivery = format!("dlv_01m87pv3sex0zbqctzy1rjysp{event}_{}", endpoint.repeat(16));
    Report {
        delivery: delivery.parse().unwrap(),
        token: store::queue::LeaseToken::from_stored(String::new()),
        event: "lead.captured".to_owned(),
        outcome,
    }
}

#[test]
fn successes_go_first_but_never_ahead_of_their_endpoints_failures() {
    let mut waiting = Waiting::default();
    let succeeded = |name: &str| report(name, Outcome::Succeeded(store::queue::AttemptRecord::default()));
    let failed = |name: &str| report(name, Outcome::Crowded);
    for one in [failed("a1"), succeeded("b2"), succeeded("a3"), failed("a4")] {
        waiting.push(one);
    }
    assert_eq!((waiting.successes(), waiting.failures()), (1, 3));
    let deliveries = |reports: Vec<Report>| reports.into_iter().map(|one| one.delivery).collect::<Vec<_>>();
    let names = |names: &[&str]| {
        let reports = names.iter().map(|name| failed(name)).collect();
        deliveries(reports)
    };
    assert_eq!(deliveries(waiting.take(1).0), names(&["b2", "a1"]));
    assert_eq!(deliveries(waiting.take(2).0), names(&["a3", "a4"]));
    waiting.push(succeeded("a5"));
    assert_eq!(
        (waiting.successes(), waiting.len()),
        (1, 1),
        "no failure is before it any more"
    );
}
