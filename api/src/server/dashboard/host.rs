//! Which hosts the settings of the dashboard may name: what they name goes into a policy.

/// Whether a host can stand in a policy and mean itself alone: no wildcard, and nothing that begins something else.
pub(super) fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(is_plain)
    };
    host.len() <= 253 && host.split('.').all(is_label)
}
