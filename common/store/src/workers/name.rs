//! What a worker is called: its machine, its process, and a few random characters, since in containers every process has the number 1.

use std::fmt;

use domain::id::fill_random;

use crate::scripts::Argument;

/// The longest part of a machine's name that is kept.
const HOST_LENGTH: usize = 63;

/// The longest name.
const LENGTH: usize = 100;

/// What a worker is called, such as `node-3-4711-k7f2q9`: letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerName(String);

/// Why a text isn't the name of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a worker: `webhooksctl workers` has them")]
pub struct InvalidWorkerName;

impl WorkerName {
    /// A new name for the process with this number on this machine.
    #[must_use]
    pub fn new(host: &str, process: u32) -> Self {
        const LETTERS: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut random = [0_u8; 6];
        fill_random(&mut random);
        let random: String = random
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
            .collect();
        let host: String = host
            .chars()
            .map(|letter| if is_allowed(letter) { letter } else { '_' })
            .take(HOST_LENGTH)
            .collect();
        Self(format!("{host}-{process}-{random}"))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-')
}

impl std::str::FromStr for WorkerName {
    type Err = InvalidWorkerName;

    fn from_str(text: &str) -> Result<Self, InvalidWorkerName> {
        if text.is_empty() || text.len() > LENGTH || !text.chars().all(is_allowed) {
            return Err(InvalidWorkerName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for WorkerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Argument for WorkerName {
    fn write(&self, command: &mut redis::Cmd) {
        command.arg(self.as_str());
    }
}

#[cfg(test)]
mod tests;
