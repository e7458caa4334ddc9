//! Every kind of key: how to read it, and which function adds it to the snapshot. A new key of `keys.rs` is a new row here.

use super::put::{self, endpoints, events, history, moving, queues, records, replays, shares};
use super::take::{Lifetime, Take};

/// A kind of key.
#[derive(Debug)]
pub(super) struct Kind {
    /// How its name starts and ends; between them stands what the key is of. A start without a colon at its end is the whole
    /// name.
    name: (&'static str, &'static str),
    /// Whether it is of an endpoint, and must go with it.
    pub(super) is_owned: bool,
    pub(super) lifetime: Lifetime,
    pub(super) take: Take,
}

/// The keys of the shard. The walk reads those with a fixed name first.
pub(super) const KINDS: &[Kind] = &[
    // Leases before tokens, and lanes before lists: whatever is added in between shows up in the second.
    fixed("leases", Take::Sorted(queues::leases)),
    fixed("tokens", Take::Hash(queues::tokens)),
    fixed("shares", Take::Hash(shares::shares)),
    fixed("waiting", Take::Sorted(shares::names)),
    fixed("quarantine", Take::Sorted(queues::quarantine)),
    fixed("ready", Take::Sorted(endpoints::ready)),
    fixed("ready:slow", Take::Sorted(endpoints::ready_slow)),
    fixed("timers", Take::Sorted(endpoints::timers)),
    fixed("failing", Take::Sorted(endpoints::failing)),
    fixed("parked", Take::Sorted(endpoints::parked)),
    fixed("disabled", Take::Sorted(endpoints::parked)),
    fixed("sweeps", Take::List(queues::sweeps)),
    fixed("chores", Take::Sorted(queues::chores)),
    fixed("replays", Take::Sorted(replays::replaying)),
    fixed("finished:delivered", Take::Sorted(events::oldest_delivered)),
    fixed("finished:exhausted", Take::Sorted(events::oldest_exhausted)),
    fixed("finished:delivered:bytes", Take::Sorted(events::delivered_bytes)),
    fixed("finished:exhausted:bytes", Take::Sorted(events::exhausted_bytes)),
    fixed("history:log", Take::Sorted(history::oldest_log)),
    fixed("history:delivered", Take::Sorted(history::oldest_delivered)),
    fixed("history:exhausted", Take::Sorted(history::oldest_exhausted)),
    fixed("history:bytes", Take::Sorted(history::bytes)),
    fixed("history:bytes:exhausted", Take::Sorted(history::bytes_exhausted)),
    fixed("history:over", Take::Nothing),
    fixed("packing", Take::Nothing),
    fixed("erasures", Take::Nothing),
    fixed("corrupt", Take::List(put::corrupt)),
    fixed("operator", Take::Nothing),
    fixed("operator:bytes", Take::Nothing),
    fixed("operator:sender", Take::Nothing),
    fixed("audit", Take::Nothing),
    fixed("observer", Take::Nothing),
    fixed("policy", Take::Hash(put::policy)),
    fixed("event_types", Take::Nothing),
    fixed("directory", Take::Nothing),
    fixed("service_keys", Take::Nothing),
    fixed("event_types:leaving", Take::Nothing),
    fixed("secrets_key", Take::Nothing),
    fixed("stats", Take::Nothing),
    fixed("checked", Take::Nothing),
    fixed("memory", Take::Nothing),
    fixed("wake", Take::Nothing),
    fixed("trials", Take::Nothing),
    fixed("answered", Take::Nothing),
    fixed("outages", Take::Nothing),
    fixed("workers", Take::Nothing),
    of(
        "event:",
        Lifetime::Recorded,
        Take::Fields(events::FIELDS, "body", events::event),
    ),
    of(
        "delivery:",
        Lifetime::Recorded,
        Take::Record(
            &["state", "attempts", "exhaustedAt", "madeAt", "log"],
            records::record,
        ),
    ),
    of("endpoint:", Lifetime::Any, Take::Hash(endpoints::endpoint)),
    of("waiting:", Lifetime::Any, Take::Sorted(shares::waiting)),
    of("turns:", Lifetime::Required, Take::Nothing),
    of_endpoint("pending:", Lifetime::Any, Take::List(queues::pending)),
    of_endpoint("retry:", Lifetime::Any, Take::Sorted(queues::retry)),
    of_endpoint("failed:", Lifetime::Required, Take::Sorted(queues::failed)),
    of_endpoint("canceled:", Lifetime::Required, Take::Sorted(queues::canceled)),
    of_endpoint("log:", Lifetime::Any, Take::Nothing),
    of("block:", Lifetime::Any, Take::Length(history::block)),
    of_endpoint("blocks:log:", Lifetime::Any, Take::Sorted(history::log_blocks)),
    of(
        "blocks:delivered:",
        Lifetime::Any,
        Take::Sorted(history::delivered_blocks),
    ),
    of(
        "blocks:exhausted:",
        Lifetime::Any,
        Take::Sorted(history::exhausted_blocks),
    ),
    of_endpoint("replays:", Lifetime::Required, Take::List(replays::ended_replays)),
    of_account(":endpoints", Lifetime::Any, Take::Hash(endpoints::routes)),
    of_account(":filters", Lifetime::Any, Take::Hash(endpoints::filters)),
    of_account(":bytes", Lifetime::Any, Take::Number(events::account_bytes)),
    of_account(":delivered", Lifetime::Any, Take::List(events::delivered)),
    of_account(":exhausted", Lifetime::Any, Take::List(events::exhausted)),
    of_account(":history", Lifetime::Any, Take::Sorted(history::of_account)),
    part_of("account:", ":since", Lifetime::Required, Take::Nothing),
    part_of("account:", ":again", Lifetime::Required, Take::Nothing),
    part_of("account:", ":hours", Lifetime::Required, Take::Nothing),
    part_of("account:", ":days", Lifetime::Required, Take::Nothing),
    part_of("account:", ":unmatched", Lifetime::Required, Take::Nothing),
    part_of("account:", ":idempotency", Lifetime::Required, Take::Nothing),
    part_of("account:", ":told", Lifetime::Required, Take::Nothing),
    part_of("account:", ":trials", Lifetime::Required, Take::Nothing),
    part_of("account:", ":calls", Lifetime::Required, Take::Nothing),
    part_of("account:", ":calls:keys", Lifetime::Required, Take::Nothing),
    part_of("account:", ":calls:portal", Lifetime::Required, Take::Nothing),
    part_of("account:", ":calls:manage", Lifetime::Required, Take::Nothing),
    part_of("account:", ":keys", Lifetime::Any, Take::Nothing),
    part_of("account:", ":portal", Lifetime::Required, Take::Nothing),
    part_of("account:", ":pushed", Lifetime::Required, Take::Nothing),
    part_of("account:", ":hold", Lifetime::Any, Take::Nothing),
    of_account(":terms", Lifetime::Any, Take::Text(moving::terms)),
    of_account(":move", Lifetime::Any, Take::Hash(moving::record)),
    part_of("account:", ":places", Lifetime::Any, Take::Nothing),
    part_of("account:", ":near", Lifetime::Required, Take::Nothing),
    part_of("account:", ":erasure", Lifetime::Any, Take::Nothing),
    part_of("account:", ":removed", Lifetime::Any, Take::Nothing),
    of_account(":turn", Lifetime::Required, Take::Number(endpoints::turn)),
    of_account(
        ":turn:slow",
        Lifetime::Required,
        Take::Number(endpoints::slow_turn),
    ),
    fixed("meta", Take::Nothing), // in a cluster
    of("portal:", Lifetime::Required, Take::Nothing),
    part_of("key:", ":pushed", Lifetime::Required, Take::Nothing),
    swept(":pending", Take::List(queues::set_aside)),
    swept(":retry", Take::Sorted(queues::set_aside_sorted)),
    swept(":failed", Take::Sorted(queues::forgotten)),
    swept(":blocks:log", Take::Sorted(history::set_aside)),
    of("replay:", Lifetime::Recorded, Take::Hash(replays::replay)),
    of("idempotency:", Lifetime::Required, Take::Nothing),
    of("creation:", Lifetime::Required, Take::Nothing),
    of("worker:", Lifetime::Required, Take::Nothing),
    of("workers:", Lifetime::Required, Take::Nothing),
    of("handed:", Lifetime::Required, Take::Nothing),
    of("removed:", Lifetime::Required, Take::Nothing),
    of("changed:", Lifetime::Required, Take::Nothing),
    of("trial:", Lifetime::Required, Take::Nothing),
    of("answer:", Lifetime::Required, Take::Nothing),
    of("corrupt:", Lifetime::Required, Take::Nothing),
];

const fn fixed(name: &'static str, take: Take) -> Kind {
    part_of(name, "", Lifetime::Any, take)
}

const fn of(start: &'static str, lifetime: Lifetime, take: Take) -> Kind {
    part_of(start, "", lifetime, take)
}

const fn of_endpoint(start: &'static str, lifetime: Lifetime, take: Take) -> Kind {
    Kind {
        name: (start, ""),
        is_owned: true,
        lifetime,
        take,
    }
}

const fn of_account(end: &'static str, lifetime: Lifetime, take: Take) -> Kind {
    part_of("account:", end, lifetime, take)
}

const fn swept(end: &'static str, take: Take) -> Kind {
    part_of("sweep:", end, Lifetime::Any, take)
}

const fn part_of(start: &'static str, end: &'static str, lifetime: Lifetime, take: Take) -> Kind {
    Kind {
        name: (start, end),
        is_owned: false,
        lifetime,
        take,
    }
}

impl Kind {
    /// The kind of a key; its name without the prefix.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.rest_of(name).is_some())
    }

    /// The kinds that have one key with a fixed name, with that name.
    pub(super) fn all_fixed() -> impl Iterator<Item = (&'static str, &'static Self)> {
        KINDS
            .iter()
            .filter(|kind| kind.is_fixed())
            .map(|kind| (kind.name.0, kind))
    }

    pub(super) const fn is_fixed(&self) -> bool {
        !matches!(self.name.0.as_bytes(), [.., b':'])
    }

    /// Whether there is anything to ask about its keys.
    pub(super) const fn is_read(&self) -> bool {
        !matches!((&self.take, self.lifetime), (Take::Nothing, Lifetime::Any))
    }

    /// Whether its keys have members, which must not be added twice.
    pub(super) const fn has_members(&self) -> bool {
        matches!(self.take, Take::List(_) | Take::Sorted(_))
    }

    /// What a key of this kind is of.
    pub(super) fn rest_of<'a>(&self, name: &'a str) -> Option<&'a str> {
        let rest = name.strip_prefix(self.name.0)?;
        if self.is_fixed() {
            return rest.is_empty().then_some(rest);
        }
        rest.strip_suffix(self.name.1).filter(|rest| !rest.is_empty())
    }
}

#[cfg(test)]
mod tests;
