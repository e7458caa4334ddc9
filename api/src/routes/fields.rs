//! Checks what the fields of requests contain. Each refusal names the field and says what to do.

use std::fmt::Display;

use domain::api_key::MAX_NAME;
use domain::catalog::Catalog;
use domain::clock::{InvalidTimestamp, Timestamp};
use domain::endpoint::{MAX_DESCRIPTION, MAX_RATE, RateLimit, is_description};
use domain::event::{EventType, MAX_CHATBOT_ID, Subscription, is_chatbot_id};
use domain::id::{AccountId, EndpointId};
use domain::signing::SigningSecret;

use super::schema::{DeliveredEvent, SecretText, SubscriptionName};
use crate::problem::{Code, Faults, Problem};

/// The longest idempotency key.
pub(super) const MAX_IDEMPOTENCY_KEY: usize = 255;

/// `events` of an endpoint: at least one name, each only once.
pub(super) fn subscriptions(
    names: &[SubscriptionName],
    catalog: &Catalog,
) -> Result<Vec<Subscription>, Problem> {
    let names: Vec<_> = names.iter().map(|name| name.0.as_str()).collect();
    each_once(
        &names,
        catalog.subscriptions().count(),
        "or `*` for all",
        |name| {
            let known = catalog.find_subscription(name);
            known.ok_or_else(|| Problem::unknown_subscription(catalog))
        },
    )
}

/// `events` of a replay: at least one name of something that is delivered, each only once.
pub(super) fn delivered_events(names: &[DeliveredEvent], catalog: &Catalog) -> Result<Vec<String>, Problem> {
    let names: Vec<_> = names.iter().map(|name| name.0.as_str()).collect();
    each_once(&names, catalog.all().len(), "or leave it out for all", |name| {
        delivered_event(name, Code::UnknownEvent, catalog)
    })
}

/// The name of something that is delivered; what is none is refused with this code.
pub(super) fn delivered_event(name: &str, code: Code, catalog: &Catalog) -> Result<String, Problem> {
    let entries = catalog.all().iter();
    let names: Vec<_> = entries.map(|entry| entry.subscription.as_str()).collect();
    if names.contains(&name) {
        return Ok(name.to_owned());
    }
    let detail = format!("The event types are {}.", names.join(", "));
    Err(Problem::new(code).detail(detail).param("allowed", names))
}

/// Names in `events`: at least one, `most` at most, each only once. `if_none` says what else to do than to give none.
fn each_once<T: PartialEq + Display>(
    names: &[&str],
    most: usize,
    if_none: &str,
    read: impl Fn(&str) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    if names.is_empty() {
        return Err(Problem::new(Code::EmptyEvents)
            .detail(format!("Give at least one event type in `events`, {if_none}."))
            .field("events")
            .param("min", 1));
    }
    if names.len() > most {
        return Err(Problem::new(Code::TooManyEvents)
            .detail(format!("Give at most {most} different event types in `events`."))
            .field("events")
            .param("count", names.len())
            .param("max", most));
    }
    let mut found = Vec::with_capacity(names.len());
    let mut faults = Faults::default();
    for (index, name) in names.iter().enumerate() {
        let field = format!("events[{index}]");
        let Some(one) = faults.take(read(name).map_err(|problem| problem.field(&field))) else {
            continue;
        };
        if found.contains(&one) {
            faults.note(
                Problem::new(Code::DuplicateEvent)
                    .detail(format!("`{one}` is there twice: give it once."))
                    .field(field)
                    .param("event", one.to_string()),
            );
        }
        found.push(one);
    }
    faults.finish().map(|()| found)
}

/// `event` of a test: an event type, or an account event.
pub(super) fn testable(name: &str, catalog: &Catalog) -> Result<Subscription, Problem> {
    let known = catalog.find_subscription(name);
    known.filter(|known| *known != Subscription::All).ok_or_else(|| {
        let entries = catalog.all().iter();
        let names: Vec<_> = entries.map(|entry| entry.subscription.as_str()).collect();
        Problem::unknown_event(catalog)
            .param("allowed", names)
            .field("event")
    })
}

/// `event` of an event that is pushed.
pub(super) fn event_type(name: &str, catalog: &Catalog) -> Result<EventType, Problem> {
    let known = catalog.find(name);
    known.ok_or_else(|| Problem::unknown_event(catalog).field("event"))
}

/// The id of a chatbot, in an event or as the filter of an endpoint.
pub(super) fn chatbot_id(text: String) -> Result<String, Problem> {
    if is_chatbot_id(&text) {
        Ok(text)
    } else {
        Err(Problem::new(Code::InvalidChatbotId)
            .field("chatbotId")
            .param("min", 1)
            .param("max", MAX_CHATBOT_ID))
    }
}

/// An endpoint's description.
pub(super) fn description(text: String) -> Result<String, Problem> {
    if is_description(&text) {
        Ok(text)
    } else {
        Err(Problem::new(Code::InvalidDescription)
            .field("description")
            .param("max", MAX_DESCRIPTION))
    }
}

/// The most deliveries that an endpoint gets in a second.
pub(super) fn rate_limit(per_second: i64) -> Result<RateLimit, Problem> {
    RateLimit::new(per_second).ok_or_else(|| {
        Problem::new(Code::InvalidValue)
            .detail(format!(
                "`rateLimit` must be from 1 to {MAX_RATE} deliveries in a second, or `null` for no limit."
            ))
            .field("rateLimit")
            .param("min", 1)
            .param("max", MAX_RATE)
    })
}

/// An account, in its prefixed form or as the issuer's id alone.
pub(super) fn account_id(text: &str) -> Result<AccountId, Problem> {
    AccountId::from_outside(text).map_err(|_| Problem::new(Code::InvalidAccountId).field("accountId"))
}

/// A date and time; `field` says where it comes from.
pub(super) fn timestamp(text: &str, field: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|error: InvalidTimestamp| {
        let problem = Problem::new(Code::InvalidTimestamp).field(field);
        match error {
            InvalidTimestamp::Other => problem,
            _ => problem.detail(format!(
                "`{field}` is {error}. {}",
                Code::InvalidTimestamp.advice()
            )),
        }
    })
}

/// A date and time in a query. A space before its offset was a plus that nobody escaped: decoding made it a space.
pub(super) fn timestamp_in_query(text: &str, field: &str) -> Result<Timestamp, Problem> {
    match text.rsplit_once(' ') {
        Some((time, offset)) if is_offset(offset) => timestamp(&format!("{time}+{offset}"), field),
        _ => timestamp(text, field),
    }
}

/// Whether a text is `HH:MM`, and not more.
fn is_offset(text: &str) -> bool {
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split(':').map(is_number).eq([true, true])
}

/// An endpoint's id in a path or query. A text that isn't an id is no endpoint's, so the refusal is the same.
pub(super) fn endpoint_id(text: &str) -> Result<EndpointId, Problem> {
    text.parse().map_err(|_| no_endpoint())
}

/// The account has no such endpoint.
pub(super) fn no_endpoint() -> Problem {
    Problem::new(Code::EndpointNotFound)
}

/// An idempotency key; `field` says where it comes from.
pub(super) fn idempotency_key(text: &str, field: &str) -> Result<String, Problem> {
    let is_good =
        (1..=MAX_IDEMPOTENCY_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good {
        Ok(text.to_owned())
    } else {
        Err(Problem::new(Code::InvalidIdempotencyKey)
            .field(field)
            .param("min", 1)
            .param("max", MAX_IDEMPOTENCY_KEY))
    }
}

#[cfg(test)]
mod tests;

/// What the key of an account is called.
pub(super) fn key_name(text: String) -> Result<String, Problem> {
    let is_good = (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_good {
        Ok(text)
    } else {
        Err(Problem::new(Code::InvalidValue)
            .detail(format!(
                "Give the key a name of 1 to {MAX_NAME} characters, none of them a control character."
            ))
            .field("name")
            .param("min", 1)
            .param("max", MAX_NAME))
    }
}

/// A signing secret that a customer brings along.
pub(super) fn signing_secret(text: &SecretText) -> Result<SigningSecret, Problem> {
    SigningSecret::parse(text.expose()).map_err(|_| {
        Problem::new(Code::InvalidValue)
            .detail(
                "Give the secret as `whsec_` and standard base64 of 24 to 64 bytes, or none for a new one.",
            )
            .field("secret")
    })
}
