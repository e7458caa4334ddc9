use domain::trace::SpanId;

use super::*;

fn parent(is_sampled: bool) -> TraceContext {
    TraceContext {
        trace: TraceId::random(),
        parent: SpanId::random(),
        is_sampled,
    }
}

#[test]
fn each_rule_does_as_it_is_called() {
    for (rule, alone, with_recorded, with_unrecorded) in [
        (Rule::AlwaysOn, true, true, true),
        (Rule::AlwaysOff, false, false, false),
        (Rule::ParentBasedAlwaysOn, true, true, false),
        (Rule::ParentBasedAlwaysOff, false, true, false),
    ] {
        let sampler = Sampler { rule, ratio: 1.0 };
        let takes = |parent| sampler.takes(TraceId::random(), parent);
        assert_eq!(takes(None), alone, "{rule:?}");
        assert_eq!(takes(Some(parent(true))), with_recorded, "{rule:?}");
        assert_eq!(takes(Some(parent(false))), with_unrecorded, "{rule:?}");
    }
}

#[test]
fn a_part_of_all_is_that_part_and_the_same_everywhere() {
    for (ratio, least, most) in [(0.0, 0, 0), (0.25, 2000, 3000), (1.0, 10_000, 10_000)] {
        let (one, other) = (Rule::TraceIdRatio, Rule::ParentBasedTraceIdRatio);
        let taken = (0..10_000).filter(|_| {
            let trace = TraceId::random();
            let takes = Sampler { rule: one, ratio }.takes(trace, None);
            assert_eq!(takes, Sampler { rule: other, ratio }.takes(trace, None));
            takes
        });
        assert!((least..=most).contains(&taken.count()), "{ratio}");
    }
}
