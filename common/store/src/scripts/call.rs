//! Running a script.

use redis::{Cmd, ErrorKind, ServerErrorKind, Value};

use super::answer::Answer;
use super::declaration::{Compiled, Script};
use crate::connection::refused_script;
use crate::keys::META;
use crate::{Store, StoreError};

impl Store {
    /// Runs a script in our store and no other; once more if the connection was cut.
    pub(crate) async fn call<S: Script>(&self, script: &S) -> Result<S::Answer, StoreError> {
        let identity = self.introduced().await?;
        let answer = self.send(script, Some(identity.as_str())).await;
        self.guard().heard(S::DECLARATION.writes(), answer.as_ref().err());
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
        let command = &command;
        self.repeat(|mut connection| async move {
            match command.query_async(&mut connection).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    compiled
                        .script
                        .prepare_invoke()
                        .load_async(&mut connection)
                        .await?;
                    command.query_async(&mut connection).await
                }
                answer => answer,
            }
        })
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
