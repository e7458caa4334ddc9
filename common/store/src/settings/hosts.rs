//! Several addresses in one URL, which are read alike whatever is there.

use redis::RedisConnectionInfo;
use url::Url;

use crate::connection::Address;

/// More than anybody lists of them.
const MOST: usize = 16;

/// Reads `host[:port],…`.
///
/// # Errors
///
/// A sentence that says what they are.
pub(super) fn read(text: &str, default_port: u16, what: &str) -> Result<Vec<Address>, String> {
    let mut hosts = Vec::new();
    for one in text.split(',') {
        let host = host(one, default_port)
            .ok_or_else(|| format!("the {what} must be host:port, separated by commas"))?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if hosts.len() > MOST {
        return Err(format!("has more than {MOST} {what}"));
    }
    Ok(hosts)
}

fn host(text: &str, default_port: u16) -> Option<Address> {
    let url = Url::parse(&format!("redis://{text}")).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.path().is_empty();
    let host = url.host_str().filter(|host| !host.is_empty() && is_bare)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((host.to_owned(), url.port().unwrap_or(default_port)))
}

/// The addresses as people write them.
pub(super) fn shown(hosts: &[Address]) -> String {
    let shown = |(host, port): &Address| match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    hosts.iter().map(shown).collect::<Vec<_>>().join(",")
}

/// The user without the password, as it stands before the addresses.
pub(super) fn shown_user(server: &RedisConnectionInfo) -> String {
    match (server.username(), server.password()) {
        (_, None) => String::new(),
        (user, Some(_)) => format!("{}:…@", user.unwrap_or_default()),
    }
}
