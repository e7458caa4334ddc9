use std::time::Duration;

use domain::delivery::Failure;
use store::queue::Phases;

use super::Heard::{Answer, Silence};
use super::Sign;

#[test]
fn only_what_ends_before_the_first_byte_of_an_answer_is_silence() {
    let took = Some(Duration::from_millis(1));
    let looking_up = Phases {
        dns: took,
        ..Phases::default()
    };
    let connecting = Phases {
        connect: took,
        ..looking_up
    };
    let kept = Phases::default();
    for (failure, answered, phases, network, names) in [
        (None, true, kept, Some(Answer), None),
        (None, true, connecting, Some(Answer), Some(Answer)),
        (Some(Failure::Status), true, kept, Some(Answer), None),
        (
            Some(Failure::Timeout),
            true,
            connecting,
            Some(Answer),
            Some(Answer),
        ),
        (Some(Failure::Protocol), true, kept, Some(Answer), None),
        (Some(Failure::Protocol), false, kept, Some(Silence), None),
        (Some(Failure::Timeout), false, kept, Some(Silence), None),
        (
            Some(Failure::Timeout),
            false,
            looking_up,
            Some(Silence),
            Some(Silence),
        ),
        (
            Some(Failure::Timeout),
            false,
            connecting,
            Some(Silence),
            Some(Answer),
        ),
        (
            Some(Failure::Connect),
            false,
            connecting,
            Some(Silence),
            Some(Answer),
        ),
        (Some(Failure::Tls), false, connecting, Some(Silence), Some(Answer)),
        (
            Some(Failure::Dns),
            false,
            looking_up,
            Some(Silence),
            Some(Silence),
        ),
        (
            Some(Failure::BlockedAddress),
            false,
            looking_up,
            None,
            Some(Answer),
        ),
        (Some(Failure::Url), false, kept, None, None),
    ] {
        let sign = Sign::of(failure, answered, &phases);
        assert_eq!(
            (sign.network, sign.names),
            (network, names),
            "{failure:?}, answered: {answered}, {phases:?}"
        );
    }
}

#[test]
fn a_probe_without_a_name_says_nothing_of_the_resolver() {
    for (failure, has_name, network, names) in [
        (None, true, Some(Answer), Some(Answer)),
        (None, false, Some(Answer), None),
        (Some(Failure::Dns), true, Some(Silence), Some(Silence)),
        (Some(Failure::Connect), true, Some(Silence), Some(Answer)),
        (Some(Failure::Timeout), false, Some(Silence), None),
        (Some(Failure::BlockedAddress), false, None, None),
    ] {
        let sign = Sign::of_probe(failure, has_name);
        assert_eq!(
            (sign.network, sign.names),
            (network, names),
            "{failure:?}, {has_name}"
        );
    }
}
