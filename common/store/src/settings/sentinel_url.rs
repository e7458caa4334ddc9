//! `redis+sentinel://[user:password@]host[:port],…/name[/db]`: where sentinels are that know which server is the primary. User and
//! password are those of the servers. `redis+sentinels://` is the same over TLS, to the sentinels and to the servers.

use redis::{IntoConnectionInfo as _, RedisConnectionInfo};

use super::hosts;
use crate::connection::Address;

/// The port of a sentinel whose address names none.
const DEFAULT_PORT: u16 = 26379;

/// What such a URL says.
#[derive(Debug, Clone)]
pub(super) struct SentinelUrl {
    pub(super) is_tls: bool,
    /// Host, without brackets, and port of each sentinel.
    pub(super) sentinels: Vec<Address>,
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
        let sentinels = hosts::read(hosts, DEFAULT_PORT, "sentinels")?;
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
        let user = hosts::shown_user(&self.server);
        let sentinels = hosts::shown(&self.sentinels);
        let scheme = if self.is_tls {
            "redis+sentinels"
        } else {
            "redis+sentinel"
        };
        let db = match self.server.db() {
            0 => String::new(),
            db => format!("/{db}"),
        };
        format!("{scheme}://{user}{sentinels}/{}{db}", self.name)
    }
}

#[cfg(test)]
mod tests;
