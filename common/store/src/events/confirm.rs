//! Waiting on a lane until replicas have what was accepted there.

use redis::FromRedisValue;

use super::lanes::{HAVE_WITHIN, Lane, cut};
use super::{AcceptOutcome, AcceptResult, Counted};
use crate::StoreError;
use crate::connection::{ANSWER_WITHIN, Question as _, timed_out};
use crate::server::knows_no_files;

impl Lane {
    /// The results of a call, once replicas have what was accepted, or have not in time.
    pub(super) async fn confirmed<C>(mut self, results: Vec<(C, AcceptResult)>) -> Vec<(C, AcceptResult)> {
        let is_accepted = |result: &AcceptResult| {
            let outcome = result.as_ref().map(|counted| &counted.outcome);
            matches!(outcome, Ok(AcceptOutcome::Accepted(_)))
        };
        if !results.iter().any(|(_, result)| is_accepted(result)) {
            return results;
        }
        let have = self.replicas_have_it().await;
        let judge = |(caller, result)| match &have {
            _ if !is_accepted(&result) => (caller, result),
            Ok(true) => (caller, result),
            Ok(false) => {
                let refused = |counted| Counted {
                    outcome: AcceptOutcome::NotReplicated,
                    ..counted
                };
                (caller, result.map(refused))
            }
            Err(error) => (caller, Err(error.clone())),
        };
        results.into_iter().map(judge).collect()
    }

    /// Whether enough replicas have what this use has written.
    async fn replicas_have_it(&mut self) -> Result<bool, StoreError> {
        let replicas = self.replicas.get();
        let within = u64::try_from(HAVE_WITHIN.as_millis()).unwrap_or(u64::MAX);
        let wait = redis::cmd("WAIT").arg(replicas).arg(within).take();
        let received: u64 = self.wait(&wait).await?;
        if received < u64::from(replicas) {
            return Ok(false);
        }
        let wait = redis::cmd("WAITAOF").arg(1).arg(replicas).arg(within).take();
        match self.wait::<(u64, u64)>(&wait).await {
            Ok((here, synced)) => Ok(here >= 1 && synced >= u64::from(replicas)),
            Err(StoreError::Unexpected(text)) if knows_no_files(&text) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Asks what blocks the connection.
    async fn wait<T: FromRedisValue>(&mut self, wait: &redis::Cmd) -> Result<T, StoreError> {
        let connection = self.connection.clone().ok_or_else(cut)?;
        self.is_waiting = true;
        let asked = tokio::time::timeout(HAVE_WITHIN + ANSWER_WITHIN, wait.ask(connection));
        let answer = asked
            .await
            .map_or_else(|_| Err(timed_out()), |answer| Ok(answer?));
        self.is_waiting = false;
        if let Err(StoreError::Unavailable(_)) = &answer {
            self.leave(true);
        }
        answer
    }
}
