//! Signing secrets at rest: sealed with XChaCha20-Poly1305, so that a copy of Redis gives none away.
//!
//! What a secret belongs to is authenticated with it: the account, the endpoint, and its version, which is the number of
//! the secret within its endpoint (1 for the first, one more at each rotation). A sealed secret that is moved to another
//! endpoint, or given another number, doesn't open; and one that a rotation replaced can't be exchanged with the one that
//! replaced it (see [`SealedSecret::may_precede`]). The version of the format and the key's id are authenticated too.
//!
//! A key ring allows rotation: the first key seals, every key opens, and [`SecretsKeyring::rewrap`] seals anew what
//! another key sealed. Secrets in the format before this one (`v1`, without a number) open, count as number 0, and are
//! brought up to date in the same way.
//!
//! The same ring authenticates texts that are not secret, but that nobody else may make: what the API hands out and gets
//! back. Keys for that are derived, so that no tag tells anything about a sealed secret.

mod keyring;
mod sealed;

pub use keyring::{InvalidKeyring, OpenError, SecretsKeyring, TAG_LEN, Tag};
pub use sealed::SealedSecret;

#[cfg(test)]
mod tests;
