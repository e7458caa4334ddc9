//! Running a script.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, Value, from_redis_value};

use super::answer::Answer;
use super::script::{Compiled, Script};
use crate::connection::Question;
use crate::keys::META;
use crate::{Store, StoreError};

impl Store {
    /// Runs a script in our store and no other; once more if the connection was cut.
    pub(crate) async fn call<S: Script>(&self, script: &S) -> Result<S::Answer, StoreError> {
        let identity = self.introduced().await?;
        let answer = self.send(script, Some(identity.as_str())).await;
        self.guard()
            .note_answer(S::DECLARATION.writes(), answer.as_ref().err());
        S::Answer::read(answer?)
    }

    /// Runs a script that looks after the identity itself.
    pub(crate) async fn call_anywhere<S: Script>(&self, script: &S) -> Result<S::Answer, StoreError> {
        S::Answer::read(self.send(script, None).await?)
    }

    async fn send<S: Script>(&self, script: &S, identity: Option<&str>) -> Result<Value, StoreError> {
        let compiled = S::compiled();
        let mut command = self.command(compiled);
        script.write(&mut command);
        command.arg(identity);
        self.query_anywhere(&Invocation { command, compiled })
            .await
            .map_err(refused_script)
    }

    /// The command and its keys.
    fn command(&self, compiled: &Compiled) -> Cmd {
        let keys = self.keys().declared();
        let keys = &keys[..compiled.keys.min(keys.len())];
        let mut command = redis::cmd("EVALSHA");
        command
            .arg(compiled.script.get_hash())
            .arg(keys.len() + 1)
            .arg(keys)
            .arg(META);
        command
    }
}

/// The command that runs a script, which is loaded when the server doesn't know it.
struct Invocation {
    command: Cmd,
    compiled: &'static Compiled,
}

impl Question for Invocation {
    async fn ask<T: FromRedisValue>(&self, mut connection: MultiplexedConnection) -> RedisResult<T> {
        let mut answer: RedisResult<Value> = self.command.query_async(&mut connection).await;
        if let Err(error) = &answer
            && error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
        {
            let script = self.compiled.script.prepare_invoke();
            script.load_async(&mut connection).await?;
            answer = self.command.query_async(&mut connection).await;
        }
        Ok(from_redis_value(answer?)?)
    }
}

/// A server that doesn't run our scripts: its access list forbids it, or the command has another name there.
pub(crate) fn refused_script(error: StoreError) -> StoreError {
    let StoreError::Unexpected(text) = &error else {
        return error;
    };
    let lower = text.to_lowercase();
    if lower.contains("noperm") || lower.contains("unknown command") {
        StoreError::Unsafe("it refuses to run our scripts; `ACL LOG` and `ACL GETUSER` show why".to_owned())
    } else {
        error
    }
}
