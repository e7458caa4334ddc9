//! Secrets at rest, those that sign and the values of endpoints' own headers: sealed with XChaCha20-Poly1305, so that a copy of Redis
//! gives none away.
//!
//! Sealing also authenticates what the secret belongs to: the account, the endpoint, and the secret's number within its
//! endpoint (1 for the first, one more with each rotation), beside the version of the format and the key's id. So a sealed
//! secret that somebody moves to another endpoint, or gives another number, doesn't open; and nobody can swap the secret
//! that a rotation replaced with its successor (see [`SealedSecret::may_precede`]).
//!
//! The value of a header authenticates the account, the endpoint, the header's name, and the origin of the URL that it was given
//! for: whoever writes another URL into Redis is sent nobody's credentials.
//!
//! The key ring allows rotation of keys: its first key seals, all of them open, and [`SecretsKeyring::rewrap`] seals anew
//! what another key sealed. Secrets in the previous format (`v1`, without a number) open, count as number 0, and
//! `rewrap` brings them up to date.
//!
//! The same ring authenticates texts that are not secret, but that only we may make: those that the API hands out and gets
//! back. It derives separate keys for them, so that no tag tells anything about a sealed secret.

mod header;
mod key;
mod keyring;
mod sealed;

pub use header::{HeaderPlace, SealedHeader, SealedHeaders};
pub use keyring::{InvalidKeyring, OpenError, SecretsKeyring, TAG_LEN, Tag};
pub use sealed::SealedSecret;

#[cfg(test)]
mod tests;
