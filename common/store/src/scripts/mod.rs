//! The Lua scripts, and how Rust calls them.
//!
//! # A script has one declaration
//!
//! It stands beside the Rust code that calls the script. [`script!`] makes a struct of it; a value of that struct is a call:
//!
//! ```ignore
//! script! {
//!     /// Counts what a delivery weighs.
//!     "delivery_weigh": AllowOom, Reads, needs [CORE];
//!     struct Weigh<'a> {
//!         endpoint: &'a EndpointId,
//!         most: u32;
//!         each parcel: &'a [Parcel]
//!     } -> (u32, Option<Duration>)
//! }
//!
//! let (weight, wait) = store.call(&Weigh { endpoint, most: 5, parcel: &parcels }).await?;
//! ```
//!
//! - `"delivery_weigh"` is the file below `lua/`. A long script names the files that it consists of:
//!   `"work" = ["work/start", "work/reports"]`.
//! - `AllowOom` or `DenyOom`: whether Redis runs it at `maxmemory`.
//! - `Writes` or `Reads`: whether a call makes the counter `writes` of `wh:meta` rise.
//! - `needs`: the shared parts that it calls ([`parts`]). Each brings the parts that it needs itself.
//! - The fields are the arguments, `each` is a group of records (a slice or a `Vec`), and behind the arrow stands what the
//!   script answers ([`answer`]).
//!
//! The script must also be entered in the list below; else a call of it doesn't compile.
//!
//! # Lua names arguments, it doesn't count them
//!
//! Between `ARGV[` and `]` stands the name of an argument in capitals. It becomes a number when the script's text is put
//! together, so it takes no time and no local variable (a script may have 200, and `work` has most of them):
//!
//! ```lua
//! local most = tonumber(ARGV[MOST])
//! for _, parcel in ipairs(each_parcel) do
//!   weigh(ARGV[parcel + SIZE], ARGV[parcel + LABEL])
//! end
//! ```
//!
//! For each group the script finds a list of where its records begin, `each_<group>`. The variable that holds such a place must be
//! named as the group is, wherever it goes: `ARGV[parcel + SIZE]` is the field `size` of the group `parcel`. If the records
//! are single values (ids), `ARGV[parcel]` is the value.
//!
//! [`record!`] declares what a record has. Records may differ by kind: the kind's letter, `ARGV[report + KIND]`, tells which fields
//! follow, so that a short report stays short on its way.
//!
//! ```ignore
//! record! {
//!     struct Parcel<'a> { size: u32, label: &'a str }
//! }
//! ```
//!
//! Tests fail when a script reads what it doesn't declare, or declares what it doesn't read.
//!
//! # Values
//!
//! Arguments ([`Argument`]): numbers; durations as milliseconds; `bool` as `1` or `0`; `None` as an empty text; ids and texts as
//! they are.
//!
//! Answers ([`Answer`]): a tuple is a list of just so many values, and so is a struct that [`answered!`] names with its
//! fields in order. [`answered_in_words!`] reads an enum whose variants are words, or lists that begin with one. `Option` is
//! `None` for nil, `''`, `{}`, and -1 where a number is expected. [`Legible`] spares the rest of an answer when something in it
//! can't be read; [`Rest`] takes all that is left of a list.

mod answer;
mod argument;
mod assembly;
mod call;
pub(crate) mod declaration;
pub(crate) mod parts;

#[cfg(test)]
mod tests;

pub(crate) use answer::{Answer, Legible, List, Rest, answered, answered_in_words};
pub(crate) use call::refused_script;
pub(crate) use declaration::{
    Argument, Compiled, Declaration, Effect, Group, Listed, Memory, Record, Script, Shape, record, script,
};

use parts::{CORE, Part, ROUTES, in_order};

macro_rules! list {
    ($($script:ty),+ $(,)?) => {
        $(impl Listed for $script {})+

        fn declarations() -> Vec<Declaration> {
            vec![$(<$script as Script>::DECLARATION),+]
        }
    };
}

list![
    crate::queue::Work<'_>,
    crate::queue::UpkeepStep<'_>,
    crate::parked::ParkedFind<'_>,
    crate::policy::Announcement,
    crate::rates::CallCount<'_>,
    crate::test_events::TestEventAsk<'_>,
    crate::test_events::TestEventBegin<'_>,
    crate::test_events::TestEventFinish<'_>,
    crate::test_events::TestEventWithdraw<'_>,
    crate::server::Clock,
    crate::identity::StoreWatch<'_>,
    crate::identity::StoreClaim<'_>,
    crate::watch::StoreRoom,
    crate::endpoints::EndpointCreate<'_>,
    crate::endpoints::EndpointList<'_>,
    crate::endpoints::EndpointUpdate<'_>,
    crate::endpoints::EndpointRemove<'_>,
    crate::rotation::EndpointRotate<'_>,
    crate::rewrap::EndpointRewrap<'_>,
    crate::health::EndpointHealth<'_>,
    crate::health::AccountSummary<'_>,
    crate::log::LogPage<'_>,
    crate::log::LogWaiting<'_>,
    crate::log::DeliveryGet<'_>,
    crate::replays::ReplayOne<'_>,
    crate::replays::ReplayStart<'_>,
    crate::replays::ReplayGet<'_>,
    crate::replays::ReplayCancel<'_>,
    crate::replays::ReplayCounting<'_>,
];

/// Every script as Redis gets it, with its name: for whoever looks at scripts and doesn't run them.
#[must_use]
pub fn assembled() -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = declarations()
        .iter()
        .map(|declaration| (declaration.name, assembly::Assembled::of(declaration).text))
        .collect();
    all.extend(assembled_by_position());
    all
}

// Scripts that still take their arguments by position ------------------------------------------------------------

/// Those that only read: they don't make `writes` rise.
const READING: [&str; 0] = [];

/// One step: a script, how many of the declared keys it takes, and whether it writes.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) script: redis::Script,
    pub(crate) keys: usize,
    pub(crate) writes: bool,
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident: $memory:ident, $parts:expr;)+) => {
        /// All scripts, compiled to their hashes once.
        #[derive(Debug)]
        pub(crate) struct Scripts {
            $($(#[$doc])* pub(crate) $name: Step,)+
        }

        fn assembled_by_position() -> Vec<(&'static str, String)> {
            vec![
                $((stringify!($name), text(Memory::$memory, &$parts, include_str!(concat!("../lua/", stringify!($name), ".lua"))))),+
            ]
        }

        impl Scripts {
            pub(crate) fn new() -> Self {
                Self {
                    $($name: step(stringify!($name), Memory::$memory, &$parts, include_str!(concat!("../lua/", stringify!($name), ".lua"))),)+
                }
            }
        }
    };
}

scripts! {
    accept: DenyOom, [&ROUTES];
}

fn text(memory: Memory, needs: &[&'static Part], body: &str) -> String {
    let flags = match memory {
        Memory::DenyOom => "",
        Memory::AllowOom => " flags=allow-oom",
    };
    let parts: String = in_order(needs).iter().map(|part| part.text).collect();
    format!("#!lua{flags}\n{parts}{body}")
}

fn step(name: &str, memory: Memory, needs: &[&'static Part], body: &str) -> Step {
    let parts = in_order(needs);
    Step {
        script: redis::Script::new(&text(memory, needs, body)),
        keys: if parts.is_empty() || parts.iter().any(|part| part.name == CORE.name) {
            usize::MAX
        } else {
            crate::keys::BASE_KEYS
        },
        writes: !READING.contains(&name),
    }
}
