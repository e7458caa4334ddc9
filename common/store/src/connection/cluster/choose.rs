//! What several nodes say of their cluster, taken together. A pure decision.

use redis::RedisError;

use super::view::View;
use crate::connection::Lost;

/// What one node said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Seen(View),
    /// It is part of no cluster.
    NoCluster,
    /// It refuses us.
    Refused(String),
    /// It can't be reached.
    Failed(String),
}

impl Answer {
    pub(super) fn of(error: &RedisError) -> Self {
        if error.is_io_error() || error.is_timeout() {
            Self::Failed(error.to_string())
        } else {
            Self::Refused(error.to_string())
        }
    }

    /// Whether nobody else has to be asked.
    pub(super) const fn is_good(&self) -> bool {
        matches!(self, Self::Seen(View { is_ok: true, .. }))
    }
}

/// Whom to believe: of those for whom the cluster works, whoever knows of the latest change. A word from before the one that we know of
/// (`seen`) counts only if most of the `asked` nodes give it, as in a cluster that was made anew.
pub(super) fn choose(answers: Vec<Answer>, asked: usize, seen: Option<u64>) -> Result<View, Lost> {
    let views = answers.iter().filter_map(|answer| match answer {
        Answer::Seen(view) => Some(view),
        _ => None,
    });
    if let Some(newest) = views.clone().max_by_key(|view| (view.is_ok, view.epoch)) {
        let voices = views.filter(|view| view.epoch == newest.epoch).count();
        return if newest.epoch >= seen.unwrap_or(0) || 2 * voices > asked {
            Ok(newest.clone())
        } else {
            Err(Lost::Meanwhile(
                "the cluster's nodes that answer don't know of its last change".to_owned(),
            ))
        };
    }
    let answered = answers.len();
    let (mut refusal, mut failure, mut is_other) = (None, None, false);
    for answer in answers {
        match answer {
            Answer::Refused(reason) => refusal = Some(reason),
            Answer::Failed(reason) => failure = Some(reason),
            Answer::NoCluster => is_other = true,
            Answer::Seen(_) => {}
        }
    }
    let none = "several addresses must be those of a Redis Cluster's nodes, and what answers there is part of no cluster";
    Err(match refusal.or(failure) {
        None if answered < asked => Lost::Meanwhile("no node of the cluster answers in time".to_owned()),
        None => Lost::Nowhere(none.to_owned()),
        Some(reason) if is_other => Lost::Meanwhile(format!("{none}, and another one fails: {reason}")),
        Some(reason) => Lost::Meanwhile(format!("no node of the cluster answers: {reason}")),
    })
}

#[cfg(test)]
mod tests;
