//! From the settings to the way to a server: one address, the nodes of a cluster, or the sentinels that know it.

use std::sync::Arc;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo, RedisError,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::RedisArgs;
use super::cluster_url::ClusterUrl;
use super::sentinel_url::SentinelUrl;
use crate::Store;
use crate::connection::{Nodes, Sentinels, Slot, Way};

/// Why the connection's settings can't be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRedis(pub(super) String);

impl InvalidRedis {
    /// What the servers said shows that the URL can't be meant.
    pub(crate) fn url(reason: &str) -> Self {
        Self(format!("REDIS_URL: {reason}"))
    }

    /// The store has other shards than `SHARDS` says.
    pub(crate) const fn shards(sentence: String) -> Self {
        Self(sentence)
    }
}

fn wrong(error: &RedisError) -> InvalidRedis {
    InvalidRedis(format!("REDIS_URL: {error}"))
}

/// Where the shards are. What is known of the servers is shared by all.
pub(crate) enum Servers {
    /// The nodes of a cluster, or the one server there is.
    Nodes(Arc<Nodes>),
    /// Those know the server.
    Sentinels(Arc<Sentinels>),
}

impl Servers {
    /// The way to the server, or to the node of a cluster that serves this hash slot, which connects later.
    pub(crate) fn way(&self, slot: u16) -> Way {
        match self {
            Self::Nodes(nodes) => Way::Slot(Box::new(Slot::new(Arc::clone(nodes), slot))),
            Self::Sentinels(sentinels) => Way::Sentinels(Arc::clone(sentinels)),
        }
    }

    /// From now on a way connects as these settings say. Where it leads doesn't change.
    fn renew(&self, way: &Way) {
        match (self, way) {
            (Self::Nodes(anew), Way::Slot(slot)) => slot.nodes().renew(anew),
            (Self::Sentinels(anew), Way::Sentinels(sentinels)) => sentinels.renew(anew),
            // Another `REDIS_URL`, which can't change in a running process.
            _ => {}
        }
    }
}

impl Store {
    /// Takes the certificates and passwords of these settings for all connections that are opened from now on, those of the other shards
    /// too: what is known of the servers is shared.
    ///
    /// # Errors
    ///
    /// A sentence with the variables' names when they don't fit together: then nothing has changed.
    pub fn renew_connections(&self, args: &RedisArgs) -> Result<(), InvalidRedis> {
        args.servers()?.renew(self.connections().way());
        Ok(())
    }
}

impl RedisArgs {
    /// Where the servers are, which are connected to later.
    ///
    /// # Errors
    ///
    /// A sentence with the variables' names when they don't fit together.
    pub(crate) fn servers(&self) -> Result<Servers, InvalidRedis> {
        match SentinelUrl::parse(self.redis_url.expose()) {
            Some(url) => {
                let url = url.map_err(|reason| InvalidRedis(format!("REDIS_URL: {reason}")))?;
                Ok(Servers::Sentinels(Arc::new(self.sentinels(url)?)))
            }
            None => Ok(Servers::Nodes(Arc::new(self.nodes()?))),
        }
    }

    /// The nodes of a cluster; or the one server there is.
    fn nodes(&self) -> Result<Nodes, InvalidRedis> {
        for (variable, is_set) in [
            ("SENTINEL_USER", self.user_of_sentinels().is_some()),
            ("SENTINEL_PASSWORD", self.password_of_sentinels().is_some()),
        ] {
            if is_set {
                return Err(InvalidRedis(format!(
                    "{variable}: REDIS_URL must be redis+sentinel:// or redis+sentinels:// for that"
                )));
            }
        }
        let text = self.redis_url.expose();
        if let Some(url) = ClusterUrl::parse(text) {
            let url = url.map_err(|reason| InvalidRedis(format!("REDIS_URL: {reason}")))?;
            // Its address is each time that of a node.
            let server = self.client_at("node", 0, url.server, url.is_tls)?;
            return Ok(Nodes::new(url.nodes, server.get_connection_info().clone()));
        }
        let info = text.into_connection_info().map_err(|error| wrong(&error))?;
        let settings = info.redis_settings().clone();
        let server = self.client(info, settings, text.starts_with("rediss://"))?;
        let info = server.get_connection_info();
        let address = match info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                (host.clone(), *port)
            }
            other => (other.to_string(), 0),
        };
        Ok(Nodes::new(vec![address], info.clone()))
    }

    fn sentinels(&self, url: SentinelUrl) -> Result<Sentinels, InvalidRedis> {
        let mut login = RedisConnectionInfo::default();
        if let Some(password) = self.password_of_sentinels() {
            login = login.set_password(password);
        }
        if let Some(user) = self.user_of_sentinels() {
            if login.password().is_none() {
                return Err(InvalidRedis(
                    "SENTINEL_USER: SENTINEL_PASSWORD must be set too".to_owned(),
                ));
            }
            login = login.set_username(user);
        }
        let client =
            |host: &str, port: u16, login: RedisConnectionInfo| self.client_at(host, port, login, url.is_tls);
        let sentinels = url
            .sentinels
            .iter()
            .map(|(host, port)| client(host, *port, login.clone()));
        let sentinels = sentinels.collect::<Result<Vec<_>, _>>()?;
        // Its address is each time the one that the sentinels name.
        let server = client("primary", 0, url.server.clone())?;
        let server = server.get_connection_info().clone();
        Ok(Sentinels::new(&url.name, sentinels, server))
    }

    fn client_at(
        &self,
        host: &str,
        port: u16,
        login: RedisConnectionInfo,
        is_tls: bool,
    ) -> Result<Client, InvalidRedis> {
        let address = if is_tls {
            ConnectionAddr::TcpTls {
                host: host.to_owned(),
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host.to_owned(), port)
        };
        let info = address.into_connection_info().map_err(|error| wrong(&error))?;
        self.client(info, login, is_tls)
    }

    fn client(
        &self,
        info: ConnectionInfo,
        settings: RedisConnectionInfo,
        is_tls: bool,
    ) -> Result<Client, InvalidRedis> {
        // The server doesn't need the library's name, and every user would need the right to tell it.
        let info = info.set_redis_settings(settings.set_skip_set_lib_name());
        match self.certificates(is_tls)? {
            None => Client::open(info),
            Some(certificates) => Client::build_with_tls(info, certificates),
        }
        .map_err(|error| wrong(&error))
    }

    // What is set to nothing isn't set.
    fn user_of_sentinels(&self) -> Option<&str> {
        self.sentinel_user.as_deref().filter(|user| !user.is_empty())
    }

    fn password_of_sentinels(&self) -> Option<&str> {
        let password = self.sentinel_password.as_ref()?.expose_secret();
        (!password.is_empty()).then_some(password)
    }
}

/// Reads a secret, or the file that `@` and a path name.
pub(super) fn secret(value: &str) -> Result<SecretString, String> {
    let Some(path) = value.strip_prefix('@') else {
        return Ok(value.to_owned().into());
    };
    let text: SecretString = std::fs::read_to_string(path)
        .map_err(|error| format!("the file `{path}` can't be read ({error})"))?
        .into();
    match text.expose_secret().trim() {
        "" => Err(format!("the file `{path}` is empty")),
        password if password.contains('\n') => Err(format!("the file `{path}` has more than one line")),
        password => Ok(password.to_owned().into()),
    }
}
