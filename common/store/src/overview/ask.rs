//! Many commands, asked in pipelines that each take Redis a few milliseconds at most.

use redis::{Cmd, FromRedisValue, RedisResult, Value};

use crate::{Store, StoreError};

/// How many commands go in one pipeline.
const AT_ONCE: usize = 2_000;

/// Answers in the order of their commands. What can't be read (a key that something else wrote) is as if it weren't there.
pub(super) struct Answers(std::vec::IntoIter<RedisResult<Value>>);

impl Answers {
    pub(super) fn take<T: FromRedisValue>(&mut self) -> Option<T> {
        let answer = self.0.next()?.ok()?;
        redis::from_redis_value(answer).ok()
    }

    pub(super) fn count(&mut self) -> u64 {
        self.take().unwrap_or(0)
    }
}

impl Store {
    /// Asks these commands.
    pub(super) async fn ask_all(&self, commands: Vec<Cmd>) -> Result<Answers, StoreError> {
        let mut answers = Vec::with_capacity(commands.len());
        let mut commands = commands.into_iter().peekable();
        while commands.peek().is_some() {
            let mut pipeline = redis::pipe();
            pipeline.ignore_errors();
            for command in commands.by_ref().take(AT_ONCE) {
                pipeline.add_command(command);
            }
            answers.extend(self.query_each(&pipeline).await?);
        }
        Ok(Answers(answers.into_iter()))
    }
}
