//! Sealed values of endpoints' own headers, and the text in which Redis keeps them.

use super::keyring::{OpenError, SecretsKeyring};
use crate::custom_headers::{CustomName, CustomValue};
use crate::id::{AccountId, EndpointId};

/// What a sealed value belongs to: it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct HeaderPlace<'a> {
    /// The account that owns the endpoint.
    pub account: &'a AccountId,
    /// The endpoint.
    pub endpoint: &'a EndpointId,
    /// The origin of the endpoint's URL (see [`crate::endpoint::origin_of`]).
    pub origin: &'a str,
}

impl HeaderPlace<'_> {
    /// What sealing authenticates beside the value.
    fn associated_data(&self, key: &str, name: &str) -> String {
        let Self {
            account,
            endpoint,
            origin,
        } = self;
        format!("h1|{key}|{account}|{endpoint}|{origin}|{name}")
    }
}

/// The value of a header as Redis keeps it: `h1.<key>.<base64 of nonce and ciphertext>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedHeader(String);

impl SealedHeader {
    /// The text for Redis.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the key that sealed it, if the text has the form of a sealed value.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.parts().map(|(key, _)| key)
    }

    /// The key's id, and what it sealed.
    fn parts(&self) -> Option<(&str, &str)> {
        self.0.strip_prefix("h1.")?.split_once('.')
    }
}

/// The headers of an endpoint as Redis keeps them: `<name> <sealed value>`, with commas between them. Names have neither commas nor
/// spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedHeaders(String);

impl SealedHeaders {
    /// Takes the text that Redis holds.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text for Redis; empty if there are none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each name with its sealed value, in their order. What has another form is left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, SealedHeader)> {
        let pairs = self.0.split(',').filter_map(|pair| pair.split_once(' '));
        pairs.map(|(name, sealed)| (name, SealedHeader(sealed.to_owned())))
    }

    /// Whether the text has the form that it should have.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let pairs = self.0.split(',').filter(|_| !self.is_empty());
        self.iter().filter(|(_, sealed)| sealed.parts().is_some()).count() == pairs.count()
    }
}

impl<'a> FromIterator<(&'a CustomName, SealedHeader)> for SealedHeaders {
    fn from_iter<I: IntoIterator<Item = (&'a CustomName, SealedHeader)>>(headers: I) -> Self {
        let pairs: Vec<_> = headers
            .into_iter()
            .map(|(name, sealed)| format!("{} {}", name.as_str(), sealed.0))
            .collect();
        Self(pairs.join(","))
    }
}

impl SecretsKeyring {
    /// Seals the value of an endpoint's header.
    #[must_use]
    pub fn seal_header(
        &self,
        name: &CustomName,
        value: &CustomValue,
        place: HeaderPlace<'_>,
    ) -> SealedHeader {
        self.seal_text(name.as_str(), value.expose(), place)
    }

    fn seal_text(&self, name: &str, value: &str, place: HeaderPlace<'_>) -> SealedHeader {
        let key = self.sealing();
        let sealed = key.seal(value, &place.associated_data(&key.id, name));
        SealedHeader(format!("h1.{}.{sealed}", key.id))
    }

    /// Opens the value of an endpoint's header.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when no key of the ring sealed it for this header of this endpoint with a URL of this origin.
    pub fn open_header(
        &self,
        name: &str,
        sealed: &SealedHeader,
        place: HeaderPlace<'_>,
    ) -> Result<CustomValue, OpenError> {
        let (key, text) = sealed.parts().ok_or(OpenError::Damaged)?;
        let opened = self.key(key)?.open(text, &place.associated_data(key, name));
        let opened = opened.ok_or(OpenError::Damaged)?;
        CustomValue::parse(&opened).map_err(|_| OpenError::Damaged)
    }

    /// Seals a value anew with the first key; `None` when that has sealed it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it doesn't open.
    pub fn rewrap_header(
        &self,
        name: &str,
        sealed: &SealedHeader,
        place: HeaderPlace<'_>,
    ) -> Result<Option<SealedHeader>, OpenError> {
        let opened = self.open_header(name, sealed, place)?;
        let is_current = sealed.key_id() == Some(self.sealing_key_id());
        Ok((!is_current).then(|| self.seal_text(name, opened.expose(), place)))
    }
}

#[cfg(test)]
mod tests;
