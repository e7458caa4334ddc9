//! A sealed secret as a text: which key sealed it, and which of its endpoint's secrets it is.

use crate::id::{AccountId, EndpointId};

/// The most digits of a secret's number: more rotations than anybody lives to see, and still exact in Lua.
const NUMBER_DIGITS: usize = 9;

/// A signing secret as Redis keeps it: `v2.<key>.<number>.<base64 of nonce and ciphertext>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SealedSecret(pub(super) String);

impl SealedSecret {
    /// Takes the text that Redis holds. Only [`super::SecretsKeyring::open`] finds out whether it opens.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text for Redis.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number that it claims to have among its endpoint's secrets; 0 in the format without numbers.
    #[must_use]
    pub fn number(&self) -> u32 {
        Parts::of(self).map_or(0, |parts| parts.number)
    }

    /// The id of the key that sealed it, if the text has the form of a sealed secret.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        Parts::of(self).map(|parts| parts.key_id)
    }

    /// Whether a rotation may have replaced this one by `current`: its number is lower, or `current` is in the format without
    /// numbers.
    #[must_use]
    pub fn may_precede(&self, current: &Self) -> bool {
        self.number() < current.number() || current.number() == 0
    }
}

/// The parts of a sealed secret's text.
pub(super) struct Parts<'a> {
    pub(super) format: Format,
    pub(super) key_id: &'a str,
    pub(super) number: u32,
    pub(super) sealed: &'a str,
}

/// The version of the format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Without a number: `v1.<key>.<base64>`.
    V1,
    /// With a number.
    V2,
}

impl<'a> Parts<'a> {
    pub(super) fn of(secret: &'a SealedSecret) -> Option<Self> {
        let (format, rest) = secret.0.split_once('.')?;
        let (key_id, rest) = rest.split_once('.')?;
        match format {
            "v1" => Some(Self {
                format: Format::V1,
                key_id,
                number: 0,
                sealed: rest,
            }),
            "v2" => {
                let (number, sealed) = rest.split_once('.')?;
                let digits = (1..=NUMBER_DIGITS).contains(&number.len())
                    && number.bytes().all(|byte| byte.is_ascii_digit());
                // Only the number is authenticated, so it must have one text: no zeros in front.
                let number = number
                    .parse()
                    .ok()
                    .filter(|parsed: &u32| digits && parsed.to_string() == number)?;
                Some(Self {
                    format: Format::V2,
                    key_id,
                    number,
                    sealed,
                })
            }
            _ => None,
        }
    }

    /// What sealing authenticates beside the secret.
    pub(super) fn associated_data(&self, account: &AccountId, endpoint: &EndpointId) -> String {
        match self.format {
            Format::V1 => format!("v1|{account}|{endpoint}"),
            Format::V2 => format!("v2|{}|{account}|{endpoint}|{}", self.key_id, self.number),
        }
    }
}
