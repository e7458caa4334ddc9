//! Events about an account's own endpoints.

use std::fmt;

/// How the names of account events begin, also of those that later releases will add: no other type has such a name.
pub(super) const RESERVED: [&str; 2] = ["endpoint.", "delivery."];

/// What happened to an account's webhooks themselves. The queue makes these events, so that a team hears of it; the backend
/// never pushes them. `*` does not include them, and no endpoint is told about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountEvent {
    /// Failures disabled an endpoint.
    EndpointDisabled,
    /// An endpoint that failures had disabled succeeded again.
    EndpointRecovered,
    /// The receiver of an endpoint asked us to wait for long.
    EndpointHeld,
    /// A delivery was given up.
    DeliveryExhausted,
}

impl AccountEvent {
    /// All of them, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::EndpointDisabled,
        Self::EndpointRecovered,
        Self::EndpointHeld,
        Self::DeliveryExhausted,
    ];

    /// The name that customers subscribe to, such as `endpoint.disabled`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndpointDisabled => "endpoint.disabled",
            Self::EndpointRecovered => "endpoint.recovered",
            Self::EndpointHeld => "endpoint.held",
            Self::DeliveryExhausted => "delivery.exhausted",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for AccountEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
