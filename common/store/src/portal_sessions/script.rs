//! The scripts of portal sessions, and what they answer.

use std::time::Duration;

use domain::id::{AccountId, PortalSessionId};

use crate::scripts::{answered_in_words, script};

script! {
    /// Makes a session; if the account has as many as it may, one goes for it. Answers when the new one expires (ms).
    "portal_session_create": DenyOom, Writes, needs [PORTAL_SESSIONS, TERMS, PLACED];
    struct PortalSessionCreate<'a> {
        account: &'a AccountId,
        /// The number that accounts were cut by when this shard was chosen.
        shards: u16,
        session: &'a PortalSessionId,
        hash: &'a str,
        /// `read` or `write`.
        access: &'static str,
        lifetime: Duration,
        /// The most sessions of an account.
        most: u32
    } -> u64
}

script! {
    /// Says what a session may do, and counts a call with it.
    "portal_session_use": AllowOom, Writes, needs [PORTAL_SESSIONS, QUOTA, TERMS];
    struct PortalSessionUse<'a> {
        account: &'a AccountId,
        session: &'a PortalSessionId,
        hash: &'a str,
        /// When it expires by what its token says (ms).
        expires: u64,
        /// Calls that may be made with the account's sessions in a minute.
        most: u32
    } -> Option<Used>
}

pub(crate) enum Used {
    Good(String, bool, u32, Duration),
    Expired,
}

answered_in_words!(Used {
    "good" => Good(access, is_allowed, left, ends_in),
    "expired" => Expired,
});

script! {
    /// Ends a session; answers whether the account had it.
    "portal_session_revoke": AllowOom, Writes, needs [PORTAL_SESSIONS, HERE];
    struct PortalSessionRevoke<'a> {
        account: &'a AccountId,
        session: &'a PortalSessionId,
        operation: &'a str
    } -> bool
}
