//! `redis-passwords`: new passwords for the users of Redis, which itself gets only their hashes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use domain::id::fill_random;
use sha2::{Digest, Sha256};

/// The users of the access list.
const USERS: [&str; 3] = ["API", "WORKER", "OPERATOR"];

/// What servers, sentinels and whoever looks after them need beside those, where Redis is several servers: they log in at each
/// other, so they get passwords themselves.
const OF_SEVERAL: [&str; 4] = [
    "REDIS_REPLICA_PASSWORD",
    "REDIS_SENTINEL_PASSWORD",
    "REDIS_ADMIN_PASSWORD",
    "SENTINEL_PASSWORD",
];

/// What may be said behind the command.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Only what several servers need besides (profiles `sentinel` and `cluster` of the compose file).
    #[arg(long)]
    several: bool,
}

/// Lines for `.env`: each user's password, and the hash that the access list names.
pub(crate) fn new_passwords(arguments: &Arguments) -> String {
    if arguments.several {
        return OF_SEVERAL
            .map(|name| format!("{name}={}", new_password()))
            .join("\n");
    }
    let lines = USERS.map(|user| {
        let password = new_password();
        let hash = hex::encode(Sha256::digest(&password));
        format!("REDIS_{user}_PASSWORD={password}\nREDIS_{user}_PASSWORD_SHA256={hash}")
    });
    lines.join("\n")
}

/// 256 random bits, in characters that may stand in a URL.
fn new_password() -> String {
    let mut random = [0; 32];
    fill_random(&mut random);
    URL_SAFE_NO_PAD.encode(random)
}

#[cfg(test)]
mod tests;
