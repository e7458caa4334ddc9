//! What an account is told to look at.

use std::collections::HashMap;

use super::*;
use domain::endpoint::{HoldAction, OperatorHold};
use store::health::AccountFacts;

const BUDGET: u64 = 1000;

fn look(endpoints: Vec<Endpoint>, unfinished_bytes: u64) -> Vec<Attention> {
    let facts = AccountFacts {
        endpoints,
        hours: HashMap::new(),
        days: HashMap::new(),
        unfinished_bytes,
        now: at(NOW),
    };
    attention(&facts, BUDGET)
}

fn with_line(waiting: u64) -> Endpoint {
    let mut endpoint = endpoint();
    endpoint.queue.waiting = waiting;
    endpoint
}

#[test]
fn what_is_well_needs_no_attention() {
    let off = Endpoint {
        state: EndpointState::Off,
        disabled_reason: Some(DisabledReason::Owner),
        ..failing(9, 60)
    };
    let parked = Endpoint {
        state: EndpointState::Off,
        ..with_line(5000)
    };
    let held_briefly = Endpoint {
        held_until: Some(ago(-60)),
        ..endpoint()
    };
    assert_eq!(
        look(
            vec![
                endpoint(),
                failing(2, 60),
                off,
                with_line(1000),
                parked,
                held_briefly
            ],
            799
        ),
        []
    );
    assert_eq!(look(Vec::new(), 0), []);
}

#[test]
fn each_reason_has_its_advice() {
    let timed_out = Endpoint {
        last_attempt: Some(last_attempt("timeout", None)),
        ..failing(3, 480)
    };
    let recovered_late = Endpoint {
        last_attempt: Some(LastAttempt {
            succeeded: true,
            error: None,
            ..last_attempt("", Some(200))
        }),
        ..disabled(DisabledReason::ConsecutiveFailures)
    };
    let gone = Endpoint {
        last_attempt: Some(last_attempt("gone", Some(410))),
        ..disabled(DisabledReason::Gone)
    };
    for (endpoint, reason, since, advice) in [
        (
            disabled(DisabledReason::ConsecutiveFailures),
            "consecutive_failures",
            Some(ago(60)),
            "disabled since 11:59 UTC, last failure: 401 (the signature is checked with another secret?); switch it on when \
             its receiver works again",
        ),
        (
            recovered_late,
            "consecutive_failures",
            Some(ago(60)),
            "disabled since 11:59 UTC; switch it on when its receiver works again",
        ),
        (
            gone,
            "gone",
            Some(ago(60)),
            "disabled since 11:59 UTC, last failure: 410 (the receiver says that this URL is gone for good; give the \
             endpoint another URL, or remove it)",
        ),
        (
            timed_out,
            "failing",
            Some(ago(480)),
            "3 failures in a row since 11:52 UTC, last failure: no answer in time (answer first and work later)",
        ),
        (
            Endpoint {
                held_until: Some(ago(-184)),
                ..with_line(7)
            },
            "held",
            None,
            "the receiver asks us to wait until 12:03:04 UTC, and 7 deliveries wait; another URL, or switching it off and on, \
             ends that",
        ),
        (
            Endpoint {
                auto_resume: true,
                resume_at: Some(ago(-65)),
                ..disabled(DisabledReason::ConsecutiveFailures)
            },
            "consecutive_failures",
            Some(ago(60)),
            "disabled since 11:59 UTC, last failure: 401 (the signature is checked with another secret?); a delivery is tried \
             again at 12:01:05 UTC",
        ),
        (
            Endpoint {
                rate_limit: RateLimit::new(5),
                ..with_line(1001)
            },
            "long_line",
            None,
            "1001 deliveries wait: you limit it to 5 a second; raise its `rateLimit`",
        ),
        (
            with_line(1001),
            "long_line",
            None,
            "1001 deliveries wait: the receiver takes them more slowly than they come; answer first and work later",
        ),
    ] {
        let id = endpoint.id.clone();
        let found = look(vec![endpoint], 0);
        let [found] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            (
                found.endpoint.as_ref(),
                found.reason.as_str(),
                found.since,
                found.advice.as_str()
            ),
            (Some(&id), reason, since, advice)
        );
    }
}

#[test]
fn an_account_near_its_budget_is_told() {
    let [found] = look(vec![endpoint()], 800).try_into().unwrap();
    assert_eq!(
        found,
        Attention {
            endpoint: None,
            reason: AttentionReason::NearBudget,
            advice: "80 % of what may wait is used, and beyond 100 % events are refused: mend the endpoints that fail, or \
                     discard what is parked"
                .to_owned(),
            since: None,
        }
    );
    let facts = AccountFacts {
        endpoints: Vec::new(),
        hours: HashMap::new(),
        days: HashMap::new(),
        unfinished_bytes: 1,
        now: at(NOW),
    };
    assert_eq!(attention(&facts, 0), [], "a budget of nothing has no share");
}

#[test]
fn the_most_urgent_comes_first_and_each_endpoint_once() {
    let mut slow_and_failing = failing(5, 60);
    slow_and_failing.queue.waiting = 5000;
    let found = look(
        vec![
            with_line(2000),
            slow_and_failing,
            Endpoint {
                held_until: Some(ago(-61)),
                ..endpoint()
            },
            Endpoint {
                state: EndpointState::Suspended,
                operator_hold: Some(OperatorHold {
                    action: HoldAction::Pause,
                    is_of_account: false,
                    since: ago(60),
                    reason: "it floods".to_owned(),
                }),
                ..endpoint()
            },
            disabled(DisabledReason::Gone),
            disabled(DisabledReason::ConsecutiveFailures),
        ],
        BUDGET,
    );
    let reasons: Vec<_> = found.iter().map(|attention| attention.reason).collect();
    assert_eq!(reasons, AttentionReason::ALL);
}
