//! Which slow endpoints a call of `work` names to the queue. Each name costs the script some commands, so not every call
//! names them all.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::id::EndpointId;

/// The most names in one call.
const MAX_NAMES: usize = 8;

/// How soon a name is repeated while its endpoint is still slow: a quick attempt of another worker may have cleared the
/// mark.
const REPEAT_AFTER: Duration = Duration::from_secs(2);

/// Remembers which endpoints were named, and when.
#[derive(Debug, Default)]
pub(crate) struct SlowNames(HashMap<EndpointId, Instant>);

impl SlowNames {
    /// Of the endpoints that are slow `now`, those that the next call names.
    pub(crate) fn choose(&mut self, slow: &[EndpointId], now: Instant) -> Vec<EndpointId> {
        if slow.is_empty() {
            self.0.clear();
            return Vec::new();
        }
        self.0.retain(|endpoint, named| {
            now.saturating_duration_since(*named) < REPEAT_AFTER && slow.contains(endpoint)
        });
        let names: Vec<_> = slow
            .iter()
            .filter(|endpoint| !self.0.contains_key(endpoint))
            .take(MAX_NAMES)
            .cloned()
            .collect();
        self.0
            .extend(names.iter().map(|endpoint| (endpoint.clone(), now)));
        names
    }
}

#[cfg(test)]
mod tests;
