//! What receivers answered to an event's attempts, in the log of an endpoint.
//!
//! Entries of a stream can't be changed, so it is written anew, with the same places, in one step. That is bounded because what is older
//! is packed before, but for the newest entries, by which health is judged.

use domain::id::{AccountId, EndpointId, EventId};

use crate::decode::unexpected;
use crate::history::{HEALTH_LOOKS_AT, Series, Written};
use crate::scripts::{answered_in_words, script};
use crate::{Store, StoreError};

/// Clocks of the API and of Redis may differ: the search begins this much before an event's acceptance (ms).
const CLOCKS_DIFFER_MS: u64 = 3_600_000;

/// How often a log is packed until it is short enough. It may grow meanwhile.
const PACKED: usize = 100;

script! {
    /// Takes the answers out of what isn't packed of a log.
    "log_erase": AllowOom, Writes, needs [OWNER, IDS, LOGGED, LOG_NUMBERS, ENDPOINTS, HERE];
    struct LogErase<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        event: &'a EventId,
        last_error: &'a str
    } -> LogErased
}

/// What came of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogErased {
    /// Nothing of them is in it.
    Erased,
    /// It is too long; nothing was changed.
    Long,
}

answered_in_words! {
    LogErased { "erased" => Erased, "long" => Long }
}

impl Store {
    /// Takes the answers out of all of an endpoint's log.
    pub(super) async fn erase_answers(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        event: &EventId,
    ) -> Result<(), StoreError> {
        let since = event.time().as_millis().saturating_sub(CLOCKS_DIFFER_MS);
        let last_error = self.last_error_of(endpoint, event).await?.unwrap_or_default();
        if !last_error.is_empty() || self.log_has_answer_to(endpoint, event, since).await? {
            let log_erase = LogErase {
                endpoint,
                account,
                event,
                last_error: &last_error,
            };
            let mut times = 0..PACKED;
            while self.call(&log_erase).await? == LogErased::Long {
                times
                    .next()
                    .ok_or_else(|| unexpected("a log that can be packed"))?;
                self.pack_log_now(account, endpoint).await?;
            }
        }
        self.erase_packed_answers(account, endpoint, event, since).await?;
        Ok(())
    }

    /// What an endpoint says of its latest failure, if that was an attempt of this event: the log has it at the same time.
    async fn last_error_of(
        &self,
        endpoint: &EndpointId,
        event: &EventId,
    ) -> Result<Option<String>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(self.keys().key(&format!("endpoint:{endpoint}")))
            .arg("lastError");
        let (said,): (Option<String>,) = self
            .query(&read)
            .await
            .or_else(|error: StoreError| error.unless_overwritten((None,)))?;
        let at = said
            .as_deref()
            .and_then(|said| said.split(' ').next()?.parse().ok());
        match at {
            Some(at) if self.log_has_at(endpoint, event, at).await? => Ok(said),
            _ => Ok(None),
        }
    }

    /// Packs what is old of a log, however little that is.
    async fn pack_log_now(&self, account: &AccountId, endpoint: &EndpointId) -> Result<(), StoreError> {
        let series = Series::Log {
            endpoint: endpoint.clone(),
            account: account.clone(),
        };
        let Some(unpacked) = self.read_whatever_is_unpacked(&series, HEALTH_LOOKS_AT).await? else {
            return Ok(());
        };
        let block = tokio::task::spawn_blocking(move || unpacked.pack()).await;
        let block = block.map_err(|error| StoreError::Unexpected(error.to_string()))??;
        match self.write_block(&block).await? {
            // A worker packs it as well: the next look tells.
            Written::Done | Written::Changed => Ok(()),
            Written::Older => Err(unexpected("a store that has blocks")),
        }
    }
}
