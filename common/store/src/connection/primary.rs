//! A connection to a primary, and to nothing else.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult, Role};

use super::{CONNECT_WITHIN, fault};

/// Connects to the server that `whoever` names the primary, and refuses a replica: one that was away may name a server that is the primary
/// no longer.
pub(super) async fn connect(
    client: &Client,
    config: &AsyncConnectionConfig,
    whoever: &str,
) -> RedisResult<MultiplexedConnection> {
    let connecting = async {
        let mut connection = client
            .get_multiplexed_async_connection_with_config(config)
            .await?;
        match redis::cmd("ROLE").query_async(&mut connection).await {
            Ok(Role::Primary { .. }) => Ok(connection),
            Ok(_) => Err(fault(format!("the server that {whoever} name is no primary"))),
            // An access list of before doesn't know that we ask. A replica refuses our scripts all the same.
            Err(error) if error.code() == Some("NOPERM") => Ok(connection),
            Err(error) => Err(error),
        }
    };
    tokio::time::timeout(CONNECT_WITHIN, connecting)
        .await
        .unwrap_or_else(|_| Err(fault(format!("the primary that {whoever} name doesn't answer"))))
}
