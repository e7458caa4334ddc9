//! Why deliveries end without another attempt.

/// Why a delivery was given up before its attempts were used up. The scripts in Lua write the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GivenUp {
    /// Its event's payload is gone, which only a loss of data in Redis can cause.
    PayloadMissing,
    /// It was parked for longer than what fails is kept.
    ParkedTooLong,
    /// More was parked than its endpoint may have.
    ParkedOverflow,
    /// Its endpoint held more than its share of the account's budget.
    EndpointOverBudget,
    /// Its event was erased.
    Erased,
}

impl GivenUp {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::PayloadMissing,
        Self::ParkedTooLong,
        Self::ParkedOverflow,
        Self::EndpointOverBudget,
        Self::Erased,
    ];

    /// Reads the stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The stable code, the same in Redis and the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PayloadMissing => "payload_missing",
            Self::ParkedTooLong => "parked_too_long",
            Self::ParkedOverflow => "parked_overflow",
            Self::EndpointOverBudget => "endpoint_over_budget",
            Self::Erased => "erased",
        }
    }
}
