//! What keeps others out and secrets in, on the whole system: rights in Redis, TLS to it, changes of keys, and no leaks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

/// One way through everything that the system does.
mod tour;

/// The access list of Redis.
mod access;

/// `rediss://` with a private authority and client certificates.
mod redis_tls;

/// Signing secrets are sealed anew with another key.
mod rewrap;

mod secrets_key;

/// Headers of endpoints' own.
mod headers;

/// Secrets in memory and in files.
mod memory;

/// Nothing secret is written anywhere.
mod leaks;
