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
