//! The calls of scripts.

use store::script_calls;

use crate::page::{Kind, Page, number};

/// Tells how long they took, and how many failed.
pub(crate) fn tell(page: &mut Page) {
    let calls = script_calls();
    let mut times = page.family(
        "webhooks_redis_call_seconds",
        "How long calls of Redis took, by script: from when the program asked until it had the answer.",
        Kind::Histogram,
    );
    for of in &calls {
        let buckets = of
            .within
            .iter()
            .map(|(bound, count)| (bound.as_secs_f64(), *count));
        times.histogram(&[("script", of.script)], buckets, of.count, of.took.as_secs_f64());
    }
    let mut failed = page.family(
        "webhooks_redis_call_errors_total",
        "Calls of Redis that failed, by script.",
        Kind::Counter,
    );
    for of in &calls {
        failed.sample(&[("script", of.script)], number(of.failed));
    }
}
