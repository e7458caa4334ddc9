//! Whether a program can do its work, by what its watch found: of one shard, and of all together.

use super::{Replication, StoreWarning};

/// Whether work can be done, and what an operator should know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Why not; empty when it can.
    pub reasons: Vec<String>,
    /// What an operator should know besides.
    pub warnings: Vec<StoreWarning>,
    /// The server, as it was last seen; `None` before that, or where it doesn't say, and if there are several shards.
    pub server: Option<Replication>,
    /// If there are several shards, the server of each.
    pub shards: Vec<Option<Replication>>,
    /// What keeps accepted events, in the operator's words, if the server's settings can't be read.
    pub durability_assumed: Option<String>,
}

impl Readiness {
    /// Not ready, for this reason.
    #[must_use]
    pub fn not_yet(reason: String) -> Self {
        Self {
            reasons: vec![reason],
            ..Self::default()
        }
    }

    /// That of all shards together: work can be done while any of them can do its own. Each that can't is told of in a warning.
    #[must_use]
    pub fn of_all(shards: impl IntoIterator<Item = Self>) -> Self {
        let mut shards: Vec<_> = shards.into_iter().collect();
        if shards.len() == 1 {
            return shards.swap_remove(0);
        }
        let mut whole = Self::default();
        let works = shards.iter().any(|shard| shard.reasons.is_empty());
        for (number, mut shard) in shards.into_iter().enumerate() {
            if works {
                let warning = (!shard.reasons.is_empty()).then(|| StoreWarning {
                    code: "shard_unavailable",
                    message: format!(
                        "Shard {number} can't do its work, and calls for its accounts get 503: {}",
                        shard.reasons.join("; ")
                    ),
                });
                whole.warnings.extend(warning);
            } else {
                add_new(&mut whole.reasons, shard.reasons);
            }
            add_new(&mut whole.warnings, std::mem::take(&mut shard.warnings));
            whole.durability_assumed = whole.durability_assumed.or(shard.durability_assumed);
            whole.shards.push(shard.server);
        }
        whole
    }
}

/// Adds what isn't there yet.
fn add_new<T: PartialEq>(known: &mut Vec<T>, found: Vec<T>) {
    for one in found {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}
