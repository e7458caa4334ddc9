use std::time::{Duration, Instant};

use super::ScriptClock;

#[test]
fn it_goes_on_from_what_was_measured_last_whatever_this_machine_says() {
    let (clock, began) = (ScriptClock::default(), Instant::now());
    assert!(clock.at(began) > 1_700_000_000_000, "this machine's, at first");
    for told in [5_000, 90_000_000, 4_000] {
        clock.measure(told, began);
        assert_eq!(clock.at(began), told);
        assert_eq!(clock.at(began + Duration::from_millis(1500)), told + 1500);
    }
    assert_eq!(
        clock.at(began.checked_sub(Duration::from_secs(1)).unwrap()),
        4_000
    );
}
