//! What is in flight at each of the model's destinations, by the URL that each attempt was made at.

use std::collections::BTreeMap;

use domain::delivery::DeliveryState;
use store::check::Snapshot;

use super::{DESTINATION_CAP, Model};
use crate::fixture::account;

/// The URL of an endpoint that has had so many before: there are two hosts.
pub(super) fn url_after(urls: u32) -> String {
    let host = if urls.is_multiple_of(2) {
        "example.com"
    } else {
        "example.org"
    };
    format!("https://{host}/{urls}")
}

impl Model {
    /// The counts are what the model says: of the account, and at each destination.
    pub(super) fn compare_shares(&self, snapshot: &Snapshot) {
        let mut expected: BTreeMap<String, u32> = BTreeMap::new();
        let in_flight = self
            .deliveries
            .values()
            .filter(|delivery| delivery.state == DeliveryState::InFlight);
        for delivery in in_flight {
            let host = delivery.url.split('/').nth(2).unwrap();
            for name in [
                format!("{host}:443 {}", account()),
                format!("destination {host}:443"),
                format!("account {}", account()),
            ] {
                *expected.entry(name).or_default() += 1;
            }
        }
        let is_count =
            |name: &str| !name.starts_with("slow ") && name != "accounts" && name != "destinations";
        let stored: BTreeMap<String, u32> = snapshot
            .shares
            .iter()
            .filter(|(name, _)| is_count(name))
            .map(|(name, text)| (name.clone(), text.trim_end_matches('w').parse().unwrap()))
            .filter(|(_, number)| *number > 0)
            .collect();
        assert_eq!(stored, expected);
        let most = expected
            .iter()
            .filter(|(name, _)| !name.starts_with("account "))
            .map(|(_, number)| *number)
            .max();
        assert!(most.unwrap_or(0) <= DESTINATION_CAP, "{expected:?}");
    }
}
