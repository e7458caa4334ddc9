//! What receivers got, delivery by delivery.

use std::collections::{HashMap, HashSet};

use crate::receiver::Receiver;

/// The deliveries among the requests of all receivers.
pub(super) struct Posted {
    /// Deliveries that a receiver answered with a 2xx.
    pub(super) succeeded: HashSet<String>,
    /// Deliveries that came again, once for each repetition. A request that is sent again within its attempt, because it was cut
    /// off before a byte of an answer, is none.
    pub(super) duplicates: Vec<String>,
}

impl Posted {
    pub(super) fn read(receivers: &[&Receiver]) -> Self {
        let mut posted = Self {
            succeeded: HashSet::new(),
            duplicates: Vec::new(),
        };
        let mut attempts = HashMap::new();
        for receiver in receivers {
            for request in receiver.received() {
                let delivery = request.expect_header("x-rkt-delivery").to_owned();
                let attempt = request.expect_header("x-rkt-attempt").to_owned();
                let before = attempts.insert((delivery.clone(), attempt), request.was_cut_off);
                if before == Some(false) || posted.succeeded.contains(&delivery) {
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
