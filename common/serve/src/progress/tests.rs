use super::*;

#[test]
fn each_phase_has_its_deadline_and_bytes_do_not_move_it() {
    let limits = Limits::usual(1);
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut progress = Progress::new(start);
    assert_eq!(progress.makes_room_from(&limits), Some(at(1)));
    assert_eq!(progress.deadline(&limits), Some(at(10)));
    progress.received(at(9));
    assert_eq!(progress.makes_room_from(&limits), Some(at(10)));
    assert_eq!(progress.deadline(&limits), Some(at(19)));
    // Slowloris: a byte now and then buys no time.
    progress.received(at(18));
    assert_eq!(progress.deadline(&limits), Some(at(19)));
    progress.request_began(false);
    progress.received(at(19));
    assert_eq!(progress.makes_room_from(&limits), None);
    assert_eq!(progress.deadline(&limits), None);
    progress.sent(None, at(20));
    progress.sent(None, at(40));
    assert_eq!(progress.deadline(&limits), Some(at(50)));
    progress.sent(Some(1), at(41));
    assert_eq!(progress.deadline(&limits), None);
    progress.all_sent();
    progress.request_ended(at(60));
    assert_eq!(progress.makes_room_from(&limits), Some(at(60)));
    assert_eq!(progress.deadline(&limits), Some(at(135)));
    progress.sent(None, at(61));
    assert_eq!(
        (progress.deadline(&limits), progress.reason()),
        (Some(at(91)), "the answer was not taken")
    );
}

#[test]
fn who_waits_for_us_makes_no_room_and_who_lets_us_wait_does() {
    let limits = Limits {
        pace: 1000,
        ..Limits::usual(1)
    };
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut progress = Progress::new(start);
    progress.request_began(true);
    assert_eq!(progress.makes_room_from(&limits), None);
    // Its body comes at 1,000 bytes a second, then stops.
    progress.body_awaited(at(10));
    for _ in 0..5 {
        progress.body_came(1000);
    }
    assert_eq!(progress.makes_room_from(&limits), Some(at(16)));
    progress.body_ended(true);
    assert_eq!(progress.makes_room_from(&limits), None);
    // Its answer is taken at half of that.
    progress.sent(None, at(20));
    progress.sent(Some(2000), at(24));
    assert_eq!(progress.makes_room_from(&limits), Some(at(23)));
    progress.all_sent();
    assert_eq!(progress.makes_room_from(&limits), None);
    // The answer is made, and its end not taken.
    progress.sent(None, at(30));
    progress.request_ended(at(30));
    assert_eq!(progress.makes_room_from(&limits), Some(at(31)));
    progress.all_sent();
    assert_eq!(progress.makes_room_from(&limits), Some(at(30)));
}

#[test]
fn who_is_told_to_leave_gets_a_last_answer_and_no_more() {
    let limits = Limits::usual(1);
    let start = Instant::now();
    let told = |change: fn(&mut Progress, Instant)| {
        let mut progress = Progress::new(start);
        change(&mut progress, start);
        progress.tell_to_leave(start);
        assert!(progress.is_leaving());
        assert_eq!(progress.makes_room_from(&limits), None, "it is told once");
        assert_eq!(progress.reason(), "it makes room for another");
        progress.deadline(&limits).unwrap() - start
    };
    assert_eq!(told(|_, _| ()), LEAVING);
    assert_eq!(told(|progress, now| progress.received(now)), Duration::ZERO);
    assert_eq!(told(|progress, _| progress.request_began(true)), LEAVING);
    let unread = |progress: &mut Progress, now| {
        progress.request_began(false);
        progress.sent(None, now);
    };
    assert_eq!(told(unread), Duration::ZERO);
}

#[test]
fn we_read_on_after_the_last_answer_where_more_may_come() {
    let now = Instant::now();
    let lingers = |change: fn(&mut Progress, Instant)| {
        let mut progress = Progress::new(now);
        change(&mut progress, now);
        progress.closing(now)
    };
    assert!(!lingers(|_, _| ()));
    assert!(lingers(|progress, now| progress.received(now)));
    assert!(!lingers(|progress, now| {
        progress.request_began(false);
        progress.request_ended(now);
    }));
    let ended = |progress: &mut Progress, now, is_complete| {
        progress.request_began(true);
        progress.body_awaited(now);
        progress.body_ended(is_complete);
        progress.request_ended(now);
    };
    assert!(lingers(move |progress, now| {
        progress.request_began(true);
        progress.request_ended(now);
        progress.received(now);
    }));
    let mut progress = Progress::new(now);
    ended(&mut progress, now, true);
    assert!(!progress.closing(now));
    ended(&mut progress, now, false);
    assert!(progress.closing(now));
    assert_eq!(progress.deadline(&Limits::usual(1)), Some(now + LINGERING));
}

#[test]
fn who_sends_nothing_more_waits_for_an_answer_if_the_request_is_complete() {
    let now = Instant::now();
    let mut progress = Progress::new(now);
    assert_eq!(progress.half_closed(now), End::OfAll, "before a request");
    // The end comes with the body, before whoever reads that has seen that it is complete.
    for is_complete in [true, false] {
        progress.request_began(true);
        progress.body_awaited(now);
        assert_eq!(progress.half_closed(now), End::PerhapsOfRequest);
        if is_complete {
            progress.body_ended(true);
        }
        let end = if is_complete { End::OfRequest } else { End::OfAll };
        assert_eq!(progress.half_closed(now), end);
        progress.request_ended(now);
    }
    progress.request_began(false);
    assert_eq!(progress.half_closed(now), End::OfRequest);
    progress.answer_began();
    assert_eq!(progress.half_closed(now), End::OfAll, "a stream is silent");
    progress.sent(None, now);
    assert_eq!(
        progress.half_closed(now),
        End::OfRequest,
        "an answer is on its way"
    );
}
