//! What becomes of parked deliveries when an endpoint is switched on, as requests say it.

use domain::endpoint::ParkedAction;
use poem_openapi::Enum;
use serde::Deserialize;

/// What to do with parked deliveries.
#[derive(Debug, Clone, Copy, Deserialize, Enum)]
#[serde(try_from = "String")]
#[oai(rename_all = "lowercase")]
pub(crate) enum Parked {
    /// Send them.
    Deliver,
    /// Cancel them.
    Discard,
}

/// What becomes of parked deliveries.
pub(super) const fn parked_action(wanted: Option<Parked>) -> ParkedAction {
    match wanted {
        Some(Parked::Discard) => ParkedAction::Discard,
        Some(Parked::Deliver) | None => ParkedAction::Deliver,
    }
}

impl TryFrom<String> for Parked {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "deliver" => Ok(Self::Deliver),
            "discard" => Ok(Self::Discard),
            _ => Err("`deliver` or `discard`"),
        }
    }
}
