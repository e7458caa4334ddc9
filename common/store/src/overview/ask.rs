//! Many commands, asked in pipelines that each take Redis a few milliseconds at most.

use redis::{Cmd, FromRedisValue, RedisResult, Value};

use crate::scripts::Answer;
use crate::{Store, StoreError};

/// How many commands go in one pipeline.
const AT_ONCE: usize = 2_000;

/// Answers in the order of their commands. What can't be read (a key that something else wrote) is as if it weren't there.
pub(crate) struct Answers(std::vec::IntoIter<RedisResult<Value>>);

impl Answers {
    pub(crate) fn take<T: FromRedisValue>(&mut self) -> Option<T> {
        let answer = self.0.next()?.ok()?;
        redis::from_redis_value(answer).ok()
    }

    /// The next one, as the answers of scripts are read; `None` if it isn't there.
    pub(crate) fn read<T: Answer>(&mut self) -> Result<Option<T>, StoreError> {
        self.0.next().and_then(Result::ok).map(T::read).transpose()
    }

    pub(super) fn count(&mut self) -> u64 {
        self.take().unwrap_or(0)
    }
}

impl Store {
    /// Asks these commands.
    pub(crate) async fn ask_all(&self, commands: Vec<Cmd>) -> Result<Answers, StoreError> {
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
