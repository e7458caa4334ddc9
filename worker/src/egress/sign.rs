//! What an attempt says of our own network and resolver.

use domain::delivery::Failure;
use store::queue::{AttemptRecord, Phases};

/// Whether somebody out there was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// At least one byte of an answer.
    Answer,
    /// Nothing.
    Silence,
}

/// What an attempt says; nothing of what it did not get to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sign {
    /// Of the network.
    pub(crate) network: Option<Heard>,
    /// Of the resolver, if a name was looked up.
    pub(crate) names: Option<Heard>,
}

impl Sign {
    /// What an attempt says that failed so, or succeeded; `answered` if its answer began.
    pub(crate) fn of(failure: Option<Failure>, answered: bool, phases: &Phases) -> Self {
        let network = match failure {
            _ if answered => Some(Heard::Answer),
            Some(Failure::Dns | Failure::Connect | Failure::Tls | Failure::Timeout | Failure::Protocol) => {
                Some(Heard::Silence)
            }
            _ => None,
        };
        let is_looking_up = phases.dns.is_some() && phases.connect.is_none() && phases.tls.is_none();
        let names = match failure {
            Some(Failure::Dns) => Some(Heard::Silence),
            Some(Failure::Timeout) if is_looking_up && !answered => Some(Heard::Silence),
            _ => phases.dns.map(|_| Heard::Answer),
        };
        Self { network, names }
    }

    /// The same of what was reported of an attempt.
    pub(super) fn of_record(record: &AttemptRecord) -> Self {
        let failure = record.error.and_then(Failure::from_code);
        Self::of(failure, record.status.is_some(), &record.phases)
    }

    /// What a probe says: it connects, and asks for nothing.
    pub(super) fn of_probe(failure: Option<Failure>, has_name: bool) -> Self {
        let heard = Self::of(failure, failure.is_none(), &Phases::default());
        let names = match failure {
            Some(Failure::Dns) => Heard::Silence,
            _ => Heard::Answer,
        };
        Self {
            network: heard.network,
            names: has_name.then_some(names),
        }
    }
}

#[cfg(test)]
mod tests;
