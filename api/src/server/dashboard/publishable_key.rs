//! `CLERK_PUBLISHABLE_KEY`: which instance of Clerk the dashboard signs people in with. It is public: every browser gets it.

use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::host::is_domain;

/// With or without `=` at the end, as browsers read it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A key such as `pk_live_Y2xlcmsuZXhhbXBsZS5jb20k`: after its kind, the base64 of a host and `$`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishableKey {
    text: String,
    frontend_api: String,
}

impl PublishableKey {
    /// As it was configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host of Clerk's Frontend API, which the key names.
    #[must_use]
    pub fn frontend_api(&self) -> &str {
        &self.frontend_api
    }
}

impl FromStr for PublishableKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let encoded = text
            .strip_prefix("pk_test_")
            .or_else(|| text.strip_prefix("pk_live_"));
        let decoded = encoded
            .and_then(|encoded| BASE64.decode(encoded).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let host = decoded.as_deref().and_then(|decoded| decoded.strip_suffix('$'));
        // It goes into a policy, where a semicolon or a space would begin something else.
        let host = host.filter(|host| is_domain(host));
        let host = host.ok_or(
            "must be a publishable key of Clerk: pk_test_ or pk_live_, and the base64 of the host of its Frontend API and `$`",
        )?;
        Ok(Self {
            text: text.to_owned(),
            frontend_api: host.to_owned(),
        })
    }
}
