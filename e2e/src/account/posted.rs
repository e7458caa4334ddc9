//! What receivers got.

use std::collections::HashSet;

use crate::receiver::Receiver;

/// The deliveries among the requests of all receivers.
pub(super) struct Posted {
    /// Deliveries that were answered with a 2xx.
    pub(super) succeeded: HashSet<String>,
    /// Deliveries that came again, once for each time.
    pub(super) duplicates: Vec<String>,
}

impl Posted {
    pub(super) fn read(receivers: &[&Receiver]) -> Self {
        let mut posted = Self {
            succeeded: HashSet::new(),
            duplicates: Vec::new(),
        };
        let mut attempts = HashSet::new();
        for receiver in receivers {
            for request in receiver.received() {
                let delivery = request.expect_header("x-rkt-delivery").to_owned();
                let attempt = request.expect_header("x-rkt-attempt").to_owned();
                let came_before = !attempts.insert((delivery.clone(), attempt));
                if came_before || posted.succeeded.contains(&delivery) {
                    posted.duplicates.push(delivery.clone());
                }
                if request.status.is_some_and(|status| (200..300).contains(&status)) {
                    posted.succeeded.insert(delivery);
                }
            }
        }
        posted
    }
}
