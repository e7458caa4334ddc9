//! New keys, which are printed once and kept nowhere. `service_keys` keeps the hash of some.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::Args;
use domain::id::fill_random;
use sha2::{Digest, Sha256};

/// The arguments of `service-key`.
#[derive(Debug, Args)]
pub(crate) struct ServiceKeyArgs {
    /// What the key is called in SERVICE_KEYS and in logs: letters, digits and `-`.
    #[arg(value_parser = parse_id)]
    id: String,

    /// Let the key call for any account, not only push events.
    #[arg(long)]
    manage: bool,
}

/// The id of a service key. Behind it stands a `_`, so it has none.
pub(crate) fn parse_id(text: &str) -> Result<String, String> {
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if good {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 64 letters, digits or `-`".to_owned())
    }
}

/// A new value for `SECRETS_KEY`.
pub(crate) fn new_secrets_key() -> String {
    let mut key = [0; 32];
    fill_random(&mut key);
    STANDARD.encode(key)
}

/// A new service key with this id.
pub(crate) fn new_service_key(id: &str) -> String {
    let mut random = [0; 32];
    fill_random(&mut random);
    format!("whk_{id}_{}", URL_SAFE_NO_PAD.encode(random))
}

/// The entry of `SERVICE_KEYS` for a key with this id.
pub(crate) fn service_key_entry(id: &str, key: &str) -> String {
    format!("{id}:{}", hex::encode(service_key_hash(key)))
}

/// What is kept of a service key.
pub(crate) fn service_key_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// A new service key, and what to do with it.
pub(crate) fn describe_new(arguments: &ServiceKeyArgs) -> String {
    let key = new_service_key(&arguments.id);
    let mut entry = service_key_entry(&arguments.id, &key);
    if arguments.manage {
        entry.push_str(":manage");
    }
    format!(
        "key, for the backend (it is kept nowhere): {key}\nentry, to be added to SERVICE_KEYS of the API:  {entry}"
    )
}

#[cfg(test)]
mod tests;
