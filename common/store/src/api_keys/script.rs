//! The scripts of the keys of accounts, and what they answer.

use std::time::Duration;

use domain::id::{AccountId, ApiKeyId};

use crate::scripts::{answered_in_words, script};

script! {
    /// Makes a key, unless the account has as many as it may. Answers when it was made.
    "api_key_create": DenyOom, Writes, needs [API_KEYS, TERMS, PLACED];
    struct ApiKeyCreate<'a> {
        account: &'a AccountId,
        /// The number that accounts were cut by when this shard was chosen.
        shards: u16,
        key: &'a ApiKeyId,
        hash: &'a str,
        /// ms, 0: never.
        expires: u64,
        /// Separated by commas.
        scopes: &'a str,
        by: &'a str,
        name: &'a str,
        /// The most keys of an account.
        most: u32
    } -> Creation
}

pub(crate) enum Creation {
    Created(u64),
    TooMany,
}

answered_in_words!(Creation {
    "created" => Created(at),
    "" => TooMany,
});

script! {
    /// Says what a key may do, and counts a call with it.
    "api_key_use": AllowOom, Writes, needs [API_KEYS, QUOTA, TERMS];
    struct ApiKeyUse<'a> {
        account: &'a AccountId,
        key: &'a ApiKeyId,
        hash: &'a str,
        /// Calls that may be made with the account's keys in a minute.
        most: u32
    } -> Option<Used>
}

pub(crate) enum Used {
    Good(String, u64, bool, u32, Duration),
    Expired,
}

answered_in_words!(Used {
    "good" => Good(scopes, expires, is_allowed, left, ends_in),
    "expired" => Expired,
});

script! {
    /// Takes a key from an account; answers whether it had it.
    "api_key_revoke": AllowOom, Writes, needs [API_KEYS, HERE];
    struct ApiKeyRevoke<'a> {
        account: &'a AccountId,
        key: &'a ApiKeyId,
        operation: &'a str
    } -> bool
}
