//! Which slow endpoints a call names. Each name costs the script some commands, so not every call names all.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::id::EndpointId;

/// The most names in one call.
const MAX_NAMES: usize = 32;

/// A name is repeated after this while the endpoint is still slow: a quick attempt elsewhere may have cleared its mark.
const REPEAT_AFTER: Duration = Duration::from_secs(2);

/// Remembers which endpoints were named, and when.
#[derive(Debug, Default)]
pub(crate) struct Telling(HashMap<EndpointId, Instant>);

impl Telling {
    /// Of the endpoints that are slow `now`, those that the next call names.
    pub(crate) fn choose(&mut self, slow: &[EndpointId], now: Instant) -> Vec<EndpointId> {
        if slow.is_empty() {
            self.0.clear();
            return Vec::new();
        }
        self.0.retain(|endpoint, told| {
            now.saturating_duration_since(*told) < REPEAT_AFTER && slow.contains(endpoint)
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
mod tests {
    use super::*;
    use std::slice::from_ref;

    #[test]
    fn a_slow_endpoint_is_named_at_once_and_then_every_two_seconds() {
        let (a, b) = (EndpointId::random(), EndpointId::random());
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut telling = Telling::default();
        assert_eq!(telling.choose(from_ref(&a), at(0)), *from_ref(&a));
        assert_eq!(telling.choose(&[a.clone(), b.clone()], at(500)), *from_ref(&b));
        assert_eq!(telling.choose(&[a.clone(), b.clone()], at(1999)), []);
        assert_eq!(telling.choose(&[a.clone(), b.clone()], at(2000)), *from_ref(&a));
        assert_eq!(telling.choose(&[], at(2100)), [], "both are quick again");
        assert_eq!(
            telling.choose(&[a.clone(), b.clone()], at(2200)),
            [a, b],
            "and slow again"
        );
    }

    #[test]
    fn a_call_names_a_bounded_number_and_the_next_ones_the_rest() {
        let slow: Vec<_> = (0..70).map(|_| EndpointId::random()).collect();
        let now = Instant::now();
        let mut telling = Telling::default();
        let counts: Vec<_> = (0..4).map(|_| telling.choose(&slow, now).len()).collect();
        assert_eq!(counts, [32, 32, 6, 0]);
    }
}
