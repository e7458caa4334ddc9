use super::*;
use crate::access::Kind;

fn share(name: impl std::fmt::Display) -> Share {
    Share::of(Kind::Session, &format!("org:org_{name}").parse().unwrap())
}

#[test]
fn who_did_not_wait_is_known_until_the_wait_is_over() {
    let refusals = Refusals::default();
    let start = Instant::now();
    let told = |name, seconds, wait| {
        let now = start + Duration::from_secs(seconds);
        refusals.tell(&share(name), Duration::from_secs(wait), now)
    };
    assert!(!told("a", 0, 60));
    assert!(told("a", 1, 1));
    assert!(!told("b", 1, 1), "another one");
    assert!(told("a", 59, 1), "the longest wait counts");
    assert!(!told("a", 60, 1));
    assert!(!told("a", 61, 1));
}

#[test]
fn no_more_are_remembered_than_there_may_be_and_those_whose_wait_is_over_go() {
    let refusals = Refusals::default();
    let (now, second) = (Instant::now(), Duration::from_secs(1));
    for number in 0..MOST + 2 {
        assert!(!refusals.tell(&share(number), second, now));
    }
    assert!(
        !refusals.tell(&share(MOST + 1), second, now),
        "there was no room for it"
    );
    assert_eq!(refusals.told.lock().unwrap().len(), MOST);
    refusals.tell(&share("late"), second, now + second);
    assert_eq!(refusals.told.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn only_who_comes_too_early_has_to_wait_for_the_refusal() {
    let refusals = Refusals::default();
    let problem = || Problem::new(crate::problem::Code::ExaminationUnderWay).retry_after(60);
    let refused = async || {
        let began = Instant::now();
        assert_eq!(refusals.refuse(&share("a"), problem()).await, problem());
        began.elapsed()
    };
    refused().await;
    assert!(refused().await >= PAUSE);
}
