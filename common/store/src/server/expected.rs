//! What a program expects of the server.

use std::fmt;
use std::num::NonZeroU16;
use std::sync::Arc;

use clap::Args;

/// As many replicas may be asked for. More is a mistake.
const MOST_REPLICAS: u16 = 100;

/// The longest sentence about a server that doesn't tell.
const LONGEST: usize = 300;

/// What an answer of 202 waits for (`ACK_DURABILITY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckDurability {
    /// The event is in the server's memory.
    Memory,
    /// The event is in the append-only file, which the server syncs before it answers (`appendfsync always`).
    Aof,
    /// That, and so many replicas have it.
    Replicas(NonZeroU16),
}

impl AckDurability {
    /// Reads `memory`, `aof` or `replicas:N`.
    ///
    /// # Errors
    ///
    /// A sentence, for anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = match text {
            "memory" => return Ok(Self::Memory),
            "aof" => return Ok(Self::Aof),
            _ => text.strip_prefix("replicas:"),
        };
        number
            .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|number| number.parse::<NonZeroU16>().ok())
            .filter(|number| number.get() <= MOST_REPLICAS)
            .map(Self::Replicas)
            .ok_or_else(|| {
                format!("must be memory, aof, or replicas:N with a number from 1 to {MOST_REPLICAS}")
            })
    }
}

/// What keeps accepted events on a server whose settings can't be read, in the operator's words (`DURABILITY_ASSUMED`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed(Arc<str>);

impl Assumed {
    /// Reads the sentence.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_sentence =
            !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
        if is_sentence {
            Ok(Self(text.trim().into()))
        } else {
            Err(format!(
                "must be a sentence of at most {LONGEST} characters, in one line, about what keeps accepted events"
            ))
        }
    }
}

/// What the operator says of the server.
#[derive(Debug, Clone, Default, Args)]
pub struct AssumedArgs {
    /// A sentence about what keeps accepted events on a server that doesn't let its settings be read, as managed services don't:
    /// `/readyz` then shows it in place of a warning.
    #[arg(long, env, value_parser = Assumed::parse)]
    pub durability_assumed: Option<Assumed>,
}

impl fmt::Display for Assumed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a program expects of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    /// What a 202 waits for.
    pub durability: AckDurability,
    /// What keeps events there, if the server's settings can't be read.
    pub assumed: Option<Assumed>,
    /// How many bytes Redis may use, if that is less than its own `maxmemory`.
    pub budget_bytes: Option<u64>,
}

#[cfg(test)]
mod tests;
