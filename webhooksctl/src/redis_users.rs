//! `redis-passwords`: new passwords for the users of Redis, which itself gets only their hashes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use domain::id::fill_random;
use sha2::{Digest, Sha256};

/// The users of the access list.
const USERS: [&str; 4] = ["API", "WORKER", "OPERATOR", OPERATOR_WRITE];

/// The one that releases before this one didn't have.
const OPERATOR_WRITE: &str = "OPERATOR_WRITE";

/// Whose passwords sentinels and their servers need beside those. They log in at each other, so they get them themselves.
const OF_SENTINEL: [&str; 4] = [
    "REDIS_REPLICA_PASSWORD",
    "REDIS_SENTINEL_PASSWORD",
    "REDIS_ADMIN_PASSWORD",
    "SENTINEL_PASSWORD",
];

/// The same for a cluster.
const OF_CLUSTER: [&str; 2] = ["REDIS_REPLICA_PASSWORD", "REDIS_ADMIN_PASSWORD"];

/// What may be said behind the command.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Only what an installation of before lacks: those of `operator-write`.
    #[arg(long, conflicts_with_all = ["sentinel", "cluster"])]
    operator_write: bool,
    /// Only what is needed besides where sentinels watch Redis (the compose file's profile `sentinel`).
    #[arg(long, conflicts_with = "cluster")]
    sentinel: bool,
    /// Only what is needed besides where Redis is a cluster (the compose file's profile `cluster`).
    #[arg(long)]
    cluster: bool,
}

/// Lines for `.env`: each user's password, and the hash that the access list names.
pub(crate) fn new_passwords(arguments: &Arguments) -> String {
    let alone = |name: &&str| format!("{name}={}", new_password());
    let lines: Vec<_> = match arguments {
        Arguments { sentinel: true, .. } => OF_SENTINEL.iter().map(alone).collect(),
        Arguments { cluster: true, .. } => OF_CLUSTER.iter().map(alone).collect(),
        Arguments {
            operator_write: true, ..
        } => vec![with_hash(&OPERATOR_WRITE)],
        _ => USERS.iter().map(with_hash).collect(),
    };
    lines.join("\n")
}

fn with_hash(user: &&str) -> String {
    let password = new_password();
    let hash = hex::encode(Sha256::digest(&password));
    format!("REDIS_{user}_PASSWORD={password}\nREDIS_{user}_PASSWORD_SHA256={hash}")
}

/// 256 random bits, in characters that may stand in a URL.
fn new_password() -> String {
    let mut random = [0; 32];
    fill_random(&mut random);
    URL_SAFE_NO_PAD.encode(random)
}

#[cfg(test)]
mod tests;
