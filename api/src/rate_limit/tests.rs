use poem::IntoResponse as _;
use poem::http::HeaderMap;

use super::*;
use crate::access::Right;

fn quota(subject: Subject, left: u32, ms: u64) -> Quota {
    let most = match subject {
        Subject::ServiceKey => 1000,
        Subject::Account => 50,
        Subject::Dashboard | Subject::Keys | Subject::Portal | Subject::Manage => 600,
    };
    Quota {
        subject,
        most,
        left,
        ends_in: Duration::from_millis(ms),
    }
}

#[test]
fn headers_tell_the_lowest_of_each_kind() {
    let quotas = Quotas::default();
    let mut headers = HeaderMap::new();
    quotas.write(&mut headers);
    assert!(headers.is_empty());
    for (key, account) in [(7, 4), (6, 0), (5, 49)] {
        quotas.note(&[
            quota(Subject::ServiceKey, key, 30_001),
            quota(Subject::Account, account, 1),
        ]);
    }
    quotas.write(&mut headers);
    assert_eq!(
        headers["ratelimit-policy"],
        "\"key\";q=1000;w=60, \"account\";q=50;w=60"
    );
    assert_eq!(headers["ratelimit"], "\"key\";r=5;t=31, \"account\";r=0;t=1");
}

#[test]
fn a_refusal_waits_for_the_last_limit_that_has_nothing_left() {
    let both = [
        quota(Subject::ServiceKey, 0, 2_000),
        quota(Subject::Account, 0, 9_001),
    ];
    let problem = refusal(&both);
    assert!(problem.to_string().contains("50 events in a minute"), "{problem}");
    let response = problem.into_response();
    assert_eq!(response.header("retry-after"), Some("10"));
    let one = [
        quota(Subject::ServiceKey, 0, 2_000),
        quota(Subject::Account, 3, 9_001),
    ];
    let problem = refusal(&one);
    assert!(problem.to_string().contains("service key"), "{problem}");
    assert_eq!(problem.into_response().header("retry-after"), Some("2"));
}

#[test]
fn limits_concern_their_own_calls() {
    let dashboard = RateLimits {
        dashboard: 1,
        ..RateLimits::NONE
    };
    let events = RateLimits {
        events_per_account: 1,
        ..RateLimits::NONE
    };
    let (pushes, rotates) = (Access::Backend, Access::People(Right::Write));
    // An account may have a limit of its own for events.
    assert!(dashboard.concern(rotates) && dashboard.concern(pushes));
    assert!(events.concern(pushes) && !events.concern(rotates));
    assert!(!dashboard.concern(Access::Open) && !events.concern(Access::Open));
    assert_eq!(dashboard.of_events("backend"), EventLimits::NONE);
    assert_eq!(events.of_events("backend").key, "backend");
}
