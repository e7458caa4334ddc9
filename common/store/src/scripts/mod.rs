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
//! The script must also be entered in the list in `script_list.rs`; else a call of it doesn't compile.
//!
//! # What runs once, and what with each call
//!
//! Redis keeps the scripts that are called for each event and delivery as functions ([`script_list`](crate::script_list) says
//! which): then it makes their Lua functions once and not with each call. So in each file what defines functions runs once, and
//! all else at its top level with each call, in order ([`layout`]). A server that doesn't take functions from us runs the same
//! text as a script.
//!
//! Each file has a scope of its own: what it declares at its top level is local to it, unless another file of the same script
//! mentions the name.
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
//! Answers ([`Answer`]): a tuple is a list of exactly as many values, and so is a struct that [`answered!`] names with its
//! fields in order. [`answered_in_words!`] reads an enum whose variants are words, or lists that begin with one. `Option` is
//! `None` for nil, `''`, `{}`, and -1 where a number is expected. [`Legible`] spares the rest of an answer when something in it
//! can't be read; [`Rest`] takes all that is left of a list.

mod answer;
mod argument;
mod assembly;
mod call;
mod calls;
mod declaration;
mod functions;
mod layout;
pub(crate) mod macros;
pub(crate) mod parts;
mod script;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use answer::{Answer, Legible, List, Rest, answered, answered_in_words};
pub(crate) use assembly::Assembled;
pub(crate) use call::{Line, Shared};
pub(crate) use calls::Calls;
pub use calls::ScriptCalls;
pub(crate) use declaration::{Argument, Declaration, Effect, Group, Listed, Memory, Record, RunsAs, Shape};
pub(crate) use functions::Functions;
pub(crate) use macros::{record, script};
pub(crate) use script::{Compiled, Script};
