//! What an endpoint's owner is told of the way it is served now.

use super::*;

fn told(facts: &EndpointFacts) -> Vec<(NoticeKind, String)> {
    let notices = EndpointHealth::of(facts).notices;
    notices
        .into_iter()
        .map(|notice| (notice.about, notice.text))
        .collect()
}

/// The clock watches what has failed ten times.
fn with_clock(endpoint: Endpoint) -> EndpointFacts {
    if endpoint.consecutive_failures == 10 && endpoint.state == EndpointState::Active {
        watched(endpoint)
    } else {
        facts(endpoint)
    }
}

#[test]
fn nothing_special_is_not_told() {
    for endpoint in [
        endpoint(),
        failing(9, 60),
        disabled(DisabledReason::ConsecutiveFailures),
        disabled(DisabledReason::Gone),
        Endpoint {
            held_until: Some(ago(1)),
            ..endpoint()
        },
        Endpoint {
            held_until: Some(ago(-60)),
            rate_limit: RateLimit::new(5),
            carries: Some(3),
            ..disabled(DisabledReason::Owner)
        },
    ] {
        assert_eq!(told(&facts(endpoint)), []);
    }
}

#[test]
fn each_has_its_sentence() {
    let resuming = Endpoint {
        auto_resume: true,
        resume_at: Some(ago(-65)),
        ..disabled(DisabledReason::ConsecutiveFailures)
    };
    let empty = Endpoint {
        resume_at: Some(ago(65)),
        ..resuming.clone()
    };
    let overdue = Endpoint {
        queue: QueueDepth {
            waiting: 1,
            ..QueueDepth::default()
        },
        ..empty.clone()
    };
    for (endpoint, about, text) in [
        (
            Endpoint {
                held_until: Some(ago(-184)),
                ..endpoint()
            },
            NoticeKind::Held,
            "asks us to wait until 12:03:04 UTC",
        ),
        (
            failing(10, 4),
            NoticeKind::DisabledByClock,
            "10 failures in a row: will be disabled by the clock at 12:00:06 UTC, unless an attempt succeeds before",
        ),
        (
            resuming,
            NoticeKind::Resuming,
            "one delivery is tried again at 12:01:05 UTC",
        ),
        (
            overdue,
            NoticeKind::Resuming,
            "one delivery is tried again at 12:00:00 UTC",
        ),
        (
            empty,
            NoticeKind::Resuming,
            "one delivery is tried again as soon as one comes",
        ),
        (
            Endpoint {
                rate_limit: RateLimit::new(5),
                ..endpoint()
            },
            NoticeKind::RateLimited,
            "you limit it to 5 a second",
        ),
        (
            Endpoint {
                carries: Some(3),
                ..endpoint()
            },
            NoticeKind::Carries,
            "carries 3 at once",
        ),
    ] {
        assert_eq!(told(&with_clock(endpoint)), [(about, text.to_owned())]);
    }
    let ours = EndpointFacts {
        own_outage: true,
        ..watched(failing(10, 4))
    };
    assert_eq!(
        told(&ours),
        [(
            NoticeKind::OwnOutage,
            "our own network is broken: that is our trouble; nothing is counted against you, and deliveries go on when it \
             works again"
                .to_owned()
        )]
    );
}

#[test]
fn the_most_important_comes_first() {
    let all = EndpointFacts {
        own_outage: true,
        ..watched(Endpoint {
            held_until: Some(ago(-60)),
            rate_limit: RateLimit::new(5),
            carries: Some(3),
            ..failing(10, 4)
        })
    };
    let kinds: Vec<_> = told(&all).into_iter().map(|(about, _)| about).collect();
    assert_eq!(
        kinds,
        [
            NoticeKind::OwnOutage,
            NoticeKind::Held,
            NoticeKind::RateLimited,
            NoticeKind::Carries
        ]
    );
}

#[test]
fn a_new_endpoint_may_have_one_in_flight_and_none_more_than_the_cap() {
    let limit = |limit, policy| {
        let facts = EndpointFacts {
            policy,
            ..facts(Endpoint { limit, ..endpoint() })
        };
        EndpointHealth::of(&facts).in_flight_limit
    };
    assert_eq!(limit(None, None), 1);
    assert_eq!(limit(Some(0), None), 1);
    assert_eq!(limit(Some(8), Some(policy())), 8);
    assert_eq!(limit(Some(64), Some(policy())), 32);
}
