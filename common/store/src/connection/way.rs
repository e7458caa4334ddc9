//! How a connection finds its server: at one address, or where the sentinels say.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult, Role};

use super::sentinels::{BELIEVED_FOR, Lost, Sentinels};
use super::{CONNECT_WITHIN, fault};

/// The way to a server, or to the one that takes its place.
pub(crate) enum Way {
    /// The server is at this address, or the one that takes its place will be.
    Address(Box<Client>),
    /// These know where it is.
    Sentinels(Box<Sentinels>),
}

impl Way {
    /// The address, or what the sentinels call the primary, for people.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Address(client) => client.get_connection_info().addr().to_string(),
            Self::Sentinels(sentinels) => sentinels.name().to_owned(),
        }
    }

    /// How often another server was named than before.
    pub(super) fn changes(&self) -> u64 {
        match self {
            Self::Address(_) => 0,
            Self::Sentinels(sentinels) => sentinels.changes(),
        }
    }

    /// How long ago that was last.
    pub(super) fn changed_since(&self) -> Option<Duration> {
        match self {
            Self::Address(_) => None,
            Self::Sentinels(sentinels) => sentinels.changed_since(),
        }
    }

    /// How long to wait after a failure before the next try. A server that sentinels still name may refuse each connection, being the
    /// primary no longer; calls must not open one each until they name another.
    pub(super) const fn rests_for(&self) -> Duration {
        match self {
            Self::Address(_) => Duration::ZERO,
            Self::Sentinels(_) => BELIEVED_FOR,
        }
    }

    /// A new connection, and what [`Self::changes`] was when its server was named.
    pub(super) async fn open(
        &self,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<(MultiplexedConnection, u64)> {
        let (client, changes) = match self {
            Self::Address(client) => {
                let connection = client
                    .get_multiplexed_async_connection_with_config(config)
                    .await?;
                return Ok((connection, 0));
            }
            Self::Sentinels(sentinels) => sentinels.client().await?,
        };
        let connecting = async {
            let mut connection = client
                .get_multiplexed_async_connection_with_config(config)
                .await?;
            ensure_primary(&mut connection).await?;
            Ok(connection)
        };
        let connection = tokio::time::timeout(CONNECT_WITHIN, connecting)
            .await
            .unwrap_or_else(|_| Err(fault("the primary that the sentinels name doesn't answer")))?;
        Ok((connection, changes))
    }

    /// Asks the sentinels whether they name another server by now, which [`Self::changes`] then tells. Connections to the old one
    /// may be as good as ever, if it is cut off from the others and not from us.
    pub(super) async fn look(&self) -> Result<(), Lost> {
        match self {
            Self::Address(_) => Ok(()),
            Self::Sentinels(sentinels) => sentinels.find().await.map(drop),
        }
    }
}

/// Refuses a replica: a sentinel that was away may name a server that is the primary no longer.
async fn ensure_primary(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    match redis::cmd("ROLE").query_async(connection).await {
        Ok(Role::Primary { .. }) => Ok(()),
        Ok(_) => Err(fault("the server that the sentinels name is no primary")),
        // An access list of before doesn't know that we ask. A replica refuses our scripts all the same.
        Err(error) if error.code() == Some("NOPERM") => Ok(()),
        Err(error) => Err(error),
    }
}
