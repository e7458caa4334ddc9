//! How fast an endpoint's owner wants to be served.

use std::fmt;

/// The most deliveries that are sent to an endpoint in a second, as its owner set it: from 1 to [`MAX_RATE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateLimit(u16);

/// The highest rate limit. Whoever takes more needs none.
pub const MAX_RATE: u16 = 1000;

impl RateLimit {
    /// A limit of so many deliveries in a second; `None` unless it lies between 1 and [`MAX_RATE`].
    #[must_use]
    pub fn new(per_second: i64) -> Option<Self> {
        let per_second = u16::try_from(per_second).ok()?;
        (1..=MAX_RATE).contains(&per_second).then_some(Self(per_second))
    }

    /// How many deliveries in a second.
    #[must_use]
    pub const fn per_second(self) -> u16 {
        self.0
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_lies_between_one_and_the_highest() {
        let limits = [i64::MIN, -1, 0, 1, 5, 1000, 1001, 65_537, i64::MAX]
            .map(|number| RateLimit::new(number).map(RateLimit::per_second));
        assert_eq!(
            limits,
            [None, None, None, Some(1), Some(5), Some(1000), None, None, None]
        );
    }
}
