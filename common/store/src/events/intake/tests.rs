use domain::clock::Timestamp;
use domain::event::{EventType, Payload};
use domain::id::EventId;

use super::super::{AcceptOutcome, Counted};
use super::*;

/// An event whose payload has so many bytes.
fn event(bytes: usize) -> NewEvent {
    let (kind, now) = (EventType::LEAD_CAPTURED, Timestamp::from_millis(1_000).unwrap());
    let payload = |fill: usize| {
        let data = format!(r#"{{"x":"{}"}}"#, "x".repeat(fill));
        Payload::build(kind, "bot", now, &data, 1 << 20).unwrap()
    };
    let rest = payload(0).as_bytes().len();
    NewEvent {
        id: EventId::new(1_000),
        account: "org:org_1".parse().unwrap(),
        event: kind,
        chatbot_id: "bot".to_owned(),
        payload: payload(bytes - rest),
        idempotency: None,
        trace: None,
    }
}

fn terms(per_account: u32) -> Arc<Terms> {
    Arc::new(Terms {
        budgets: Budgets {
            account_bytes: 1,
            parked_bytes: 1,
        },
        limits: EventLimits {
            per_account,
            ..EventLimits::NONE
        },
    })
}

/// An intake where events of these sizes wait, each for the caller that has its number.
fn waiting(sizes: &[usize]) -> Intake<usize> {
    let (mut intake, terms) = (Intake::default(), terms(0));
    for (caller, size) in sizes.iter().enumerate() {
        intake.push(event(*size), &terms, caller);
    }
    intake
}

/// The callers of each call that is made until nothing waits.
fn calls(intake: &mut Intake<usize>) -> Vec<Vec<usize>> {
    std::iter::from_fn(|| intake.next_call(|_| false))
        .map(|call| call.callers)
        .collect()
}

fn accepted() -> AcceptResult {
    Ok(Counted {
        outcome: AcceptOutcome::OverBudget,
        quotas: Vec::new(),
    })
}

/// The results that a call gives to its callers, in words.
fn settled(call: &mut Call<usize>, answer: Result<Vec<AcceptResult>, StoreError>) -> Vec<(usize, String)> {
    call.settle(answer)
        .map(|(caller, result)| match result {
            Ok(counted) => (caller, format!("{:?}", counted.outcome)),
            Err(error) => (caller, error.to_string()),
        })
        .collect()
}

#[test]
fn a_call_takes_64_events_in_the_order_in_which_they_came() {
    let made = calls(&mut waiting(&[200; 150]));
    assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [64, 64, 22]);
    assert_eq!(made.concat(), (0..150).collect::<Vec<_>>());
}

#[test]
fn a_call_takes_256_kib_of_payloads_and_one_event_whatever_its_size() {
    const KIB: usize = 1024;
    for (sizes, expected) in [
        (&[128 * KIB, 128 * KIB][..], &[2][..]),
        (&[128 * KIB, 128 * KIB, 200], &[2, 1]),
        (&[128 * KIB, 128 * KIB + 1], &[1, 1]),
        (&[300 * KIB, 200, 200], &[1, 2]),
        (&[200, 300 * KIB, 200], &[1, 1, 1]),
        (&[300 * KIB, 300 * KIB], &[1, 1]),
    ] {
        let made = calls(&mut waiting(sizes));
        let lengths: Vec<_> = made.iter().map(Vec::len).collect();
        assert_eq!(lengths, expected, "{sizes:?}");
    }
}

#[test]
fn only_events_with_equal_terms_share_a_call_and_none_overtakes_another() {
    let mut intake = Intake::default();
    for (caller, limit) in [0, 0, 5, 5, 0].into_iter().enumerate() {
        // Terms are compared, whoever made them.
        intake.push(event(200), &terms(limit), caller);
    }
    let call = intake.next_call(|_| false).unwrap();
    assert_eq!(
        (call.callers.as_slice(), call.terms().limits.per_account),
        (&[0, 1][..], 0)
    );
    let call = intake.next_call(|_| false).unwrap();
    assert_eq!(
        (call.callers.as_slice(), call.terms().limits.per_account),
        (&[2, 3][..], 5)
    );
    assert_eq!(calls(&mut intake), [[4]]);
}

#[test]
fn an_event_whose_caller_is_gone_takes_no_place_in_a_call() {
    let mut intake = waiting(&[300 * 1024, 200, 200, 300 * 1024, 200]);
    let call = intake.next_call(|caller| [0, 2, 3].contains(caller)).unwrap();
    assert_eq!(call.callers, [1, 4]);
    assert!(intake.next_call(|_| false).is_none());
    assert!(waiting(&[200; 3]).next_call(|_| true).is_none());
}

#[test]
fn one_makes_calls_until_nothing_waits_and_then_the_next_one_does() {
    let mut intake = waiting(&[200]);
    assert!(intake.begin_calling());
    assert!(!intake.begin_calling(), "somebody makes calls");
    assert!(intake.next_call(|_| false).is_some());
    intake.push(event(200), &terms(0), 1);
    assert!(
        !intake.begin_calling(),
        "the call that is under way is not the last"
    );
    assert!(intake.next_call(|_| false).is_some());
    assert!(intake.next_call(|_| false).is_none());
    assert!(intake.begin_calling());
    intake.stop_calling();
    assert!(intake.begin_calling());
}

#[test]
fn each_result_goes_to_the_caller_of_its_event() {
    let mut call = waiting(&[200; 3]).next_call(|_| false).unwrap();
    let answer = vec![
        accepted(),
        Err(StoreError::Unexpected("one account".to_owned())),
        accepted(),
    ];
    let told = settled(&mut call, Ok(answer));
    assert_eq!(told[0], (0, "OverBudget".to_owned()));
    assert!(told[1].0 == 1 && told[1].1.contains("one account"), "{told:?}");
    assert_eq!(told[2], (2, "OverBudget".to_owned()));
    assert!(call.is_done());
}

#[test]
fn what_the_script_left_stays_for_another_call() {
    let (mut call, ids) = {
        let call = waiting(&[200; 5]).next_call(|_| false).unwrap();
        let ids: Vec<_> = call.events().iter().map(|event| event.id.clone()).collect();
        (call, ids)
    };
    let callers = |told: Vec<(usize, String)>| told.into_iter().map(|(caller, _)| caller).collect::<Vec<_>>();
    assert_eq!(
        callers(settled(&mut call, Ok(vec![accepted(), accepted()]))),
        [0, 1]
    );
    let left: Vec<_> = call.events().iter().map(|event| event.id.clone()).collect();
    assert_eq!(left, ids[2..]);
    assert!(!call.is_done());
    assert_eq!(callers(settled(&mut call, Ok(vec![accepted(); 3]))), [2, 3, 4]);
    assert!(call.is_done());
}

#[test]
fn when_an_answer_is_lost_everyone_without_a_result_hears_of_it() {
    let mut call = waiting(&[200; 4]).next_call(|_| false).unwrap();
    assert_eq!(settled(&mut call, Ok(vec![accepted()])).len(), 1);
    let told = settled(&mut call, Err(StoreError::OutOfMemory));
    let expected = [1, 2, 3].map(|caller| (caller, StoreError::OutOfMemory.to_string()));
    assert_eq!(told, expected);
    assert!(call.is_done());
}

#[test]
fn an_answer_that_matches_no_events_is_an_error_for_all() {
    for results in [0, 4] {
        let mut call = waiting(&[200; 3]).next_call(|_| false).unwrap();
        let told = settled(&mut call, Ok(vec![accepted(); results]));
        assert_eq!(told.len(), 3);
        assert!(
            told.iter()
                .all(|(_, result)| result.contains("number of outcomes")),
            "{told:?}"
        );
        assert!(call.is_done());
    }
}
