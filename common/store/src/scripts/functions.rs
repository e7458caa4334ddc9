//! Scripts that Redis keeps as functions: how they get there, and what happens if it doesn't take them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult, Value};

use super::assembly::Library;

/// So many libraries of a script may stand on a server: each release brings its own, and those before it may still run.
const MOST_LIBRARIES: usize = 4;

/// For how long a server that takes no functions from us isn't asked again.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// Whether the server takes functions from us. If not, they run as scripts: an access list of before knows no `fcall`, and at
/// `maxmemory` no function can be loaded.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    refused_at: Mutex<Option<Instant>>,
}

impl Functions {
    /// Whether it is worth trying.
    pub(super) fn are_taken(&self) -> bool {
        let refused_at = *self.refused_at.lock().unwrap_or_else(PoisonError::into_inner);
        refused_at.is_none_or(|at| at.elapsed() >= REFUSED_FOR)
    }

    fn note_refusal(&self, error: &RedisError) {
        tracing::debug!(%error, "the server takes no functions: they run as scripts");
        *self.refused_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Notes what the answer to the call of a function says about functions themselves; any other answer is passed on.
    pub(super) fn judge(&self, answer: RedisResult<Value>) -> Answered {
        match answer {
            Err(error) if says(&error, "Function not found") => Answered::Unknown,
            Err(error) if is_refusal(&error) => {
                self.note_refusal(&error);
                Answered::Refused
            }
            answer => Answered::Asked(answer),
        }
    }

    /// Gives the server a library; whether it took it, or had it already.
    pub(super) async fn load(
        &self,
        library: &Library,
        script: &str,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<bool> {
        let mut load = redis::cmd("FUNCTION").arg("LOAD").to_owned();
        match load.arg(&library.text).query_async::<Value>(connection).await {
            Ok(_) => delete_old_libraries(library, script, connection).await,
            Err(error) if says(&error, "already exists") => {}
            Err(error) if is_refusal(&error) || error.code() == Some("OOM") => {
                self.note_refusal(&error);
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }
}

/// What became of the call of a function.
pub(super) enum Answered {
    /// It ran, or something else than functions is the trouble.
    Asked(RedisResult<Value>),
    /// The server doesn't know it yet.
    Unknown,
    /// The server runs no functions for us.
    Refused,
}

/// Deletes a script's other libraries once there are too many. A program that still uses one loads it again.
async fn delete_old_libraries(library: &Library, script: &str, connection: &mut MultiplexedConnection) {
    let mut list = redis::cmd("FUNCTION").arg("LIST").to_owned();
    list.arg("LIBRARYNAME").arg(Library::prefix(script) + "*");
    // Some access lists don't let us: then the libraries stay, which costs memory and nothing else.
    let Ok(listed) = list.query_async::<Vec<HashMap<String, Value>>>(connection).await else {
        return;
    };
    if listed.len() <= MOST_LIBRARIES {
        return;
    }
    for found in &listed {
        let name = found
            .get("library_name")
            .cloned()
            .map(redis::from_redis_value::<String>);
        if let Some(Ok(name)) = name
            && name != library.name
        {
            let mut delete = redis::cmd("FUNCTION").arg("DELETE").to_owned();
            drop(delete.arg(name).query_async::<Value>(connection).await);
        }
    }
}

fn is_refusal(error: &RedisError) -> bool {
    error.code() == Some("NOPERM") || says(error, "unknown command")
}

fn says(error: &RedisError, text: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(text))
}
