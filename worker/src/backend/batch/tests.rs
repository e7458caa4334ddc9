use super::*;

#[test]
fn failures_that_come_together_go_in_several_calls() {
    let failed = || Outcome::Crashed;
    let succeeded = || Outcome::Succeeded(Default::default());
    for (outcomes, expected) in [
        (vec![], 0),
        ((0..100).map(|_| succeeded()).collect(), 64),
        ((0..100).map(|_| failed()).collect(), 16),
        (
            (0..70)
                .map(|n| if n < 60 { succeeded() } else { failed() })
                .collect(),
            61,
        ),
        (vec![failed()], 1),
    ] {
        let outcomes: Vec<Outcome> = outcomes;
        assert_eq!(batch_of(outcomes.iter()), expected, "of {}", outcomes.len());
    }
}
