//! Payloads that vary as real ones do: names, ids, telephone numbers, and what people write in six languages. Each follows from its
//! number alone, so that a run can be repeated.
//!
//! What compresses decides what a measurement of memory says. So nothing here is drawn from whole sentences or templates, which would
//! compress far too well, and nothing is padded; ids are as long as those of common libraries, and nothing about them can be guessed.
//! [`text`] says how what people write compares with real texts. `bench payloads` prints the payloads, for whoever wants to compare.

mod chance;

mod text;

use std::fmt::Write as _;

use chance::Chance;
use text::Language;

/// The fields of a type of event.
type Fields = &'static [(&'static str, Field)];

/// How often each type of event comes, of a hundred, and what its `data` has besides its session.
const KINDS: [(u32, &str, Fields); 10] = [
    (
        38,
        "message.received",
        &[("messageId", Field::Id("msg_")), ("visitor", Field::Person)],
    ),
    (
        27,
        "message.sent",
        &[("messageId", Field::Id("msg_")), ("author", Field::Name)],
    ),
    (
        8,
        "session.created",
        &[("visitor", Field::Person), ("page", Field::Page)],
    ),
    (
        5,
        "session.resolved",
        &[("resolvedBy", Field::Name), ("durationMs", Field::Number)],
    ),
    (
        8,
        "lead.captured",
        &[("leadId", Field::Id("cl")), ("visitor", Field::Person)],
    ),
    (
        4,
        "ticket.created",
        &[("ticketId", Field::Id("tkt_")), ("visitor", Field::Person)],
    ),
    (
        4,
        "ticket.updated",
        &[("ticketId", Field::Id("tkt_")), ("assignee", Field::Name)],
    ),
    (2, "handoff.escalated", &[("visitor", Field::Person)]),
    (
        2,
        "handoff.assigned",
        &[("agent", Field::Name), ("page", Field::Page)],
    ),
    (2, "handoff.returned", &[("agent", Field::Name)]),
];

/// Sessions that are open at once: events of one session come close to each other, and share its id.
const SESSIONS: u64 = 200;

/// A kind of value.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// An id behind this.
    Id(&'static str),
    /// Somebody's name, address and telephone number.
    Person,
    /// Somebody's name.
    Name,
    /// A page that a visitor saw.
    Page,
    /// A number below a million.
    Number,
}

/// The type of event `number`.
pub(super) fn kind(number: u32) -> &'static str {
    of(number).0
}

/// The `data` of event `number`, a JSON object of exactly so many bytes, unless what it always has needs more. It begins with the
/// fields `head`.
pub(super) fn data(number: u32, head: &str, bytes: usize) -> String {
    let (_, fields, mut chance) = of(number);
    // About as many events as sessions that are open come before a session's next one; ten make up a session.
    let slot = chance.below(SESSIONS);
    let mut session = Chance::seeded((1 << 50) + (slot << 32) + u64::from(number) / 2000);
    let mut data = format!(r#"{{{head},"sessionId":"rkt_{}""#, session.id(16));
    let language = Language::any(&mut session);
    for (name, field) in fields {
        write!(data, r#","{name}":"#).expect("text takes all");
        match field {
            Field::Id(prefix) => write!(data, r#""{prefix}{}""#, chance.id(24)),
            Field::Person => {
                let name = language.name(&mut session);
                let at = session.pick(&[
                    "gmail.com",
                    "outlook.com",
                    "web.de",
                    "example.com",
                    "orange.fr",
                    "uol.com.br",
                ]);
                let mailbox = format!("{}{}", name.to_lowercase().replace(' ', "."), session.below(100));
                let phone = language.phone(&mut session);
                write!(
                    data,
                    r#"{{"name":"{name}","email":"{mailbox}@{at}","phone":"{phone}"}}"#
                )
            }
            Field::Name => write!(data, r#""{}""#, language.name(&mut chance)),
            Field::Page => write!(
                data,
                r#""https://www.example.com/{}/{}?ref={}""#,
                language.word(&mut chance),
                language.word(&mut chance),
                chance.id(8)
            ),
            Field::Number => write!(data, "{}", chance.below(1_000_000)),
        }
        .expect("text takes all");
    }
    data.push_str(r#","text":""#);
    let room = bytes.saturating_sub(data.len() + r#""}"#.len());
    language.write(&mut data, room, &mut chance);
    data.push_str(r#""}"#);
    data
}

/// The idempotency key of event `number`: as callers take an id of their own for it.
pub(super) fn key(number: u32) -> String {
    Chance::seeded((3 << 50) + u64::from(number)).id(24)
}

/// What follows from a number, and the chance that decides the rest.
fn of(number: u32) -> (&'static str, Fields, Chance) {
    let mut chance = Chance::seeded(number.into());
    let mut left = chance.below(100);
    for (share, event, fields) in KINDS {
        if left < u64::from(share) {
            return (event, fields, chance);
        }
        left -= u64::from(share);
    }
    unreachable!("the shares make up a hundred")
}

#[cfg(test)]
mod tests;
