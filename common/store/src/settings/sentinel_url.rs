//! `redis+sentinel://[user:password@]host[:port],…/name[/db]`: where sentinels are that know which server is the primary. User and
//! password are those of the servers. `redis+sentinels://` is the same over TLS, to the sentinels and to the servers.

use redis::{IntoConnectionInfo as _, RedisConnectionInfo};
use url::Url;

/// The port of a sentinel whose address names none.
const DEFAULT_PORT: u16 = 26379;

/// More sentinels than anybody runs for one primary; each is asked at every look.
const MOST: usize = 16;

/// What such a URL says.
#[derive(Debug, Clone)]
pub(super) struct SentinelUrl {
    pub(super) is_tls: bool,
    /// Host, without brackets, and port of each sentinel.
    pub(super) sentinels: Vec<(String, u16)>,
    /// What the sentinels call the primary and its replicas.
    pub(super) name: String,
    /// User, password and database of the servers.
    pub(super) server: RedisConnectionInfo,
}

impl SentinelUrl {
    /// Reads a URL; `None` if its scheme is another one.
    ///
    /// # Errors
    ///
    /// A sentence without anything of the URL that may be secret.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let (scheme, rest) = text.split_once("://")?;
        let is_tls = match scheme {
            "redis+sentinel" => false,
            "redis+sentinels" => true,
            _ => return None,
        };
        Some(Self::read(is_tls, rest))
    }

    fn read(is_tls: bool, rest: &str) -> Result<Self, String> {
        if rest.contains(['?', '#']) {
            return Err("must end after the name or the database's number".to_owned());
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let mut parts = path.split('/');
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            return Err(
                "must name the primary as the sentinels do: redis+sentinel://host:26379,host:26379/name"
                    .to_owned(),
            );
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if !name.bytes().all(is_plain) {
            return Err(
                "the name behind the sentinels has letters, digits, `.`, `-` and `_` only".to_owned(),
            );
        }
        let db = parts.next().unwrap_or_default();
        if parts.next().is_some() || !db.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("behind the name only the database's number may stand".to_owned());
        }
        let mut sentinels = Vec::new();
        for host in hosts.split(',') {
            let sentinel = sentinel(host)?;
            if !sentinels.contains(&sentinel) {
                sentinels.push(sentinel);
            }
        }
        if sentinels.len() > MOST {
            return Err(format!("has more than {MOST} sentinels"));
        }
        // The library reads user, password and number as it does in other URLs.
        let server = format!("redis://{user}@server/{db}").into_connection_info();
        let server = server.map_err(|error| format!("user, password or database can't be read ({error})"))?;
        Ok(Self {
            is_tls,
            sentinels,
            name: name.to_owned(),
            server: server.redis_settings().clone(),
        })
    }

    /// The URL as people may see it.
    pub(super) fn shown(&self) -> String {
        let user = match (self.server.username(), self.server.password()) {
            (_, None) => String::new(),
            (user, Some(_)) => format!("{}:…@", user.unwrap_or_default()),
        };
        let shown = |(host, port): &(String, u16)| match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let sentinels: Vec<_> = self.sentinels.iter().map(shown).collect();
        let scheme = if self.is_tls {
            "redis+sentinels"
        } else {
            "redis+sentinel"
        };
        let db = match self.server.db() {
            0 => String::new(),
            db => format!("/{db}"),
        };
        format!("{scheme}://{user}{}/{}{db}", sentinels.join(","), self.name)
    }
}

/// Host and port of one sentinel.
fn sentinel(text: &str) -> Result<(String, u16), String> {
    let wrong = || "the sentinels must be host:port, separated by commas".to_owned();
    let url = Url::parse(&format!("redis://{text}")).map_err(|_| wrong())?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.path().is_empty();
    let host = url
        .host_str()
        .filter(|host| !host.is_empty() && is_bare)
        .ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), url.port().unwrap_or(DEFAULT_PORT)))
}

#[cfg(test)]
mod tests;
