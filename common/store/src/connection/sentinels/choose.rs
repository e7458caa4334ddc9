//! What several sentinels say, taken together. A pure decision.

use std::fmt;

use crate::connection::{Address, Lost};

/// The primary, as a sentinel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Primary {
    pub(super) address: Address,
    /// The number of the failover that made it the primary.
    pub(super) epoch: u64,
}

impl fmt::Display for Primary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = &self.address;
        write!(formatter, "{host}:{port}")
    }
}

/// What one sentinel said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Named(Primary),
    /// It knows no such name.
    Unknown,
    /// It is no sentinel.
    NoSentinel,
    /// It refuses us.
    Refused(String),
    /// It can't be reached.
    Failed(String),
}

/// Whom to believe: whoever knows of the latest failover. A word from before the one that we know of (`seen`) counts only if most of the
/// `listed` sentinels give it.
pub(super) fn choose(
    name: &str,
    answers: &[Answer],
    listed: usize,
    seen: Option<u64>,
) -> Result<Primary, Lost> {
    let named = answers.iter().filter_map(|answer| match answer {
        Answer::Named(primary) => Some(primary),
        _ => None,
    });
    if let Some(newest) = named.clone().max_by_key(|primary| primary.epoch) {
        let voices = named.filter(|primary| *primary == newest).count();
        return if newest.epoch >= seen.unwrap_or(0) || 2 * voices > listed {
            Ok(newest.clone())
        } else {
            Err(Lost::Meanwhile(
                "the sentinels that answer don't know of the last failover".to_owned(),
            ))
        };
    }
    let unknown = answers.contains(&Answer::Unknown);
    let refusal = answers.iter().find_map(|answer| match answer {
        Answer::Refused(reason) => Some(reason.as_str()),
        _ => None,
    });
    let failure = answers.iter().find_map(|answer| match answer {
        Answer::Failed(reason) => Some(reason.as_str()),
        _ => None,
    });
    let failure = refusal.or(failure);
    let none_knows = format!("none of the sentinels knows a primary named `{name}`");
    match failure {
        None if answers.len() < listed => Err(Lost::Meanwhile(if unknown {
            format!("no sentinel that answers knows a primary named `{name}`")
        } else {
            "no sentinel answers in time".to_owned()
        })),
        Some(reason) if unknown => Err(Lost::Meanwhile(format!(
            "no sentinel that answers knows a primary named `{name}`, and another one fails: {reason}"
        ))),
        Some(reason) => Err(Lost::Meanwhile(format!("no sentinel answers: {reason}"))),
        None if unknown => Err(Lost::Nowhere(none_knows)),
        None => Err(Lost::Nowhere(
            "what answers at the sentinels' addresses are no sentinels".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests;
