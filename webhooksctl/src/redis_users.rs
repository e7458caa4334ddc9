//! `redis-passwords`: new passwords for the users of Redis, which itself gets only their hashes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::fill_random;
use sha2::{Digest, Sha256};

/// The users of the access list.
const USERS: [&str; 3] = ["API", "WORKER", "OPERATOR"];

/// Lines for `.env`: each user's password, and the hash that the access list names.
pub(crate) fn new_passwords() -> String {
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
