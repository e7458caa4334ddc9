use super::*;
use std::time::Duration;

#[test]
fn each_phase_has_its_deadline_and_bytes_do_not_move_it() {
    let limits = Limits::usual(1);
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut progress = Progress::new(start);
    assert_eq!(progress.makes_room_from(&limits), Some(at(1)));
    assert_eq!(progress.deadline(&limits), Some(at(10)));
    progress.received(at(9));
    assert_eq!(progress.makes_room_from(&limits), None);
    assert_eq!(progress.deadline(&limits), Some(at(19)));
    // Slowloris: a byte now and then buys no time.
    progress.received(at(18));
    assert_eq!(progress.deadline(&limits), Some(at(19)));
    progress.request_began();
    progress.received(at(19));
    assert_eq!(progress.deadline(&limits), None);
    progress.sent(true, at(20));
    progress.sent(true, at(40));
    assert_eq!(progress.deadline(&limits), Some(at(50)));
    progress.sent(false, at(41));
    assert_eq!(progress.deadline(&limits), None);
    progress.request_ended(at(60));
    assert_eq!(progress.makes_room_from(&limits), Some(at(60)));
    assert_eq!(progress.deadline(&limits), Some(at(135)));
    progress.sent(true, at(61));
    assert_eq!(
        (progress.deadline(&limits), progress.reason()),
        (Some(at(91)), "the answer was not taken")
    );
}
