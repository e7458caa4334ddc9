//! Running a script.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, Value, from_redis_value};

use super::answer::Answer;
use super::functions::Answered;
use super::script::Script;
use crate::connection::Question;
use crate::{Store, StoreError};

/// What a script is asked on.
pub(crate) trait Line: Send {
    /// Asks a question there.
    fn ask<T: FromRedisValue + Send>(
        &mut self,
        question: &impl Question,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;
}

/// The connection that all share: a question is asked once more if that was cut.
pub(crate) struct Shared<'a>(pub(crate) &'a Store);

impl Line for Shared<'_> {
    async fn ask<T: FromRedisValue + Send>(&mut self, question: &impl Question) -> Result<T, StoreError> {
        self.0.query_anywhere(question).await
    }
}

impl Store {
    /// Runs a script in our store and no other; once more if the connection was cut.
    pub(crate) async fn call<S: Script>(&self, script: &S) -> Result<S::Answer, StoreError> {
        let identity = self.introduced().await?;
        let asked = Instant::now();
        let answer = self
            .query_anywhere(&self.invocation(script, Some(identity.as_str())))
            .await;
        self.read::<S>(asked, answer)
    }

    /// The same on a line of the caller's choice.
    pub(crate) async fn call_on<S: Script>(
        &self,
        line: &mut impl Line,
        script: &S,
    ) -> Result<S::Answer, StoreError> {
        let identity = self.introduced().await?;
        let asked = Instant::now();
        let answer = line.ask(&self.invocation(script, Some(identity.as_str()))).await;
        self.read::<S>(asked, answer)
    }

    /// Runs a script that looks after the identity itself.
    pub(crate) async fn call_anywhere<S: Script>(&self, script: &S) -> Result<S::Answer, StoreError> {
        let asked = Instant::now();
        let answer: Result<Value, _> = self.query_anywhere(&self.invocation(script, None)).await;
        S::Answer::read(noted::<S>(asked, answer)?)
    }

    const fn invocation<'a, S: Script>(
        &'a self,
        script: &'a S,
        identity: Option<&'a str>,
    ) -> Invocation<'a, S> {
        Invocation {
            store: self,
            script,
            identity,
        }
    }

    /// Reads an answer, and notes what it says of the store.
    fn read<S: Script>(
        &self,
        asked: Instant,
        answer: Result<Value, StoreError>,
    ) -> Result<S::Answer, StoreError> {
        let answer = noted::<S>(asked, answer);
        self.guard()
            .note_answer(S::DECLARATION.writes(), answer.as_ref().err());
        S::Answer::read(answer?)
    }
}

/// Notes how long it took to get an answer.
fn noted<S: Script>(asked: Instant, answer: Result<Value, StoreError>) -> Result<Value, StoreError> {
    let answer = answer.map_err(refused_script);
    S::calls().note(asked.elapsed(), answer.as_ref().err());
    answer
}

/// The call of a script or function, which is loaded when the server doesn't know it.
struct Invocation<'a, S> {
    store: &'a Store,
    script: &'a S,
    identity: Option<&'a str>,
}

impl<S: Script> Invocation<'_, S> {
    /// Adds what follows the script's hash or the function's name: keys, arguments, identity.
    fn complete(&self, mut command: Cmd) -> Cmd {
        let keys = self
            .store
            .keys()
            .declared(self.store.connections().are_to_cluster());
        command.arg(keys.len()).arg(&keys);
        self.script.write(&mut command);
        command.arg(self.identity);
        command
    }

    /// Calls it as a function, if it is one and the server takes functions from us.
    async fn ask_function(&self, connection: &mut MultiplexedConnection) -> Option<RedisResult<Value>> {
        let functions = self.store.functions();
        let library = S::compiled().library.as_ref().filter(|_| functions.are_taken())?;
        let mut command = redis::cmd("FCALL");
        command.arg(&library.name);
        let command = self.complete(command);
        for _ in 0..2 {
            match functions.judge(command.query_async(connection).await) {
                Answered::Asked(answer) => return Some(answer),
                Answered::Refused => return None,
                Answered::Unknown => match functions.load(library, S::DECLARATION.name, connection).await {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(Err(error)),
                },
            }
        }
        None // somebody deletes what we load
    }

    async fn ask_script(&self, connection: &mut MultiplexedConnection) -> RedisResult<Value> {
        let compiled = S::compiled();
        let mut command = redis::cmd("EVALSHA");
        command.arg(compiled.script.get_hash());
        let command = self.complete(command);
        let answer = command.query_async(connection).await;
        match &answer {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let script = compiled.script.prepare_invoke();
                script.load_async(connection).await?;
                command.query_async(connection).await
            }
            _ => answer,
        }
    }
}

impl<S: Script> Question for Invocation<'_, S> {
    async fn ask<T: FromRedisValue>(&self, mut connection: MultiplexedConnection) -> RedisResult<T> {
        let answer = match self.ask_function(&mut connection).await {
            Some(answer) => answer,
            None => self.ask_script(&mut connection).await,
        };
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
