//! What the fields of requests may contain: each check says which field is wrong, and what to do.

use domain::clock::Timestamp;
use domain::endpoint::MAX_DESCRIPTION;
use domain::event::{EventType, MAX_CHATBOT_ID, Subscription};
use domain::id::{AccountId, EndpointId};

use super::schema::SubscriptionName;
use crate::problem::{Code, Problem};

/// The longest idempotency key.
pub(super) const MAX_IDEMPOTENCY_KEY: usize = 255;

/// `events` of an endpoint: at least one name, each once.
pub(super) fn subscriptions(names: &[SubscriptionName]) -> Result<Vec<Subscription>, Problem> {
    let most = Subscription::all().count();
    if names.is_empty() {
        return Err(Problem::new(Code::EmptyEvents)
            .detail("Give at least one event type in `events`, or `*` for all.")
            .field("events"));
    }
    if names.len() > most {
        return Err(Problem::new(Code::TooManyEvents)
            .detail(format!("Give at most {most} different event types in `events`."))
            .field("events"));
    }
    let mut subscriptions = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let field = format!("events[{index}]");
        let subscription: Subscription = name
            .0
            .parse()
            .map_err(|error| Problem::from_unknown_subscription(&error).field(&field))?;
        if subscriptions.contains(&subscription) {
            return Err(Problem::new(Code::DuplicateEvent)
                .detail(format!("`{subscription}` is there twice: give it once."))
                .field(field));
        }
        subscriptions.push(subscription);
    }
    Ok(subscriptions)
}

/// The type of an event.
pub(super) fn event_type(name: &str) -> Result<EventType, Problem> {
    name.parse::<EventType>()
        .map_err(|error| Problem::from(error).field("event"))
}

/// A chatbot's id, of an event or as an endpoint's filter.
pub(super) fn chatbot_id(text: String) -> Result<String, Problem> {
    let is_good = (1..=MAX_CHATBOT_ID).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_good {
        Ok(text)
    } else {
        Err(Problem::new(Code::InvalidChatbotId).field("chatbotId"))
    }
}

/// An endpoint's description.
pub(super) fn description(text: String) -> Result<String, Problem> {
    let is_good = text.chars().count() <= MAX_DESCRIPTION
        && !text
            .chars()
            .any(|character| character.is_control() && character != '\n');
    if is_good {
        Ok(text)
    } else {
        Err(Problem::new(Code::InvalidDescription).field("description"))
    }
}

/// An account in its prefixed form.
pub(super) fn account_id(text: &str) -> Result<AccountId, Problem> {
    text.parse()
        .map_err(|_| Problem::new(Code::InvalidAccountId).field("accountId"))
}

/// A date and time; `field` says where it stood.
pub(super) fn timestamp(text: &str, field: &str) -> Result<Timestamp, Problem> {
    text.parse()
        .map_err(|_| Problem::new(Code::InvalidTimestamp).field(field))
}

/// An endpoint's id in a path. A text that isn't an id can't be the id of an endpoint.
pub(super) fn endpoint_id(text: &str) -> Result<EndpointId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::EndpointNotFound))
}

/// An idempotency key; `field` says where it stood.
pub(super) fn idempotency_key(text: &str, field: &str) -> Result<String, Problem> {
    let is_good =
        (1..=MAX_IDEMPOTENCY_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good {
        Ok(text.to_owned())
    } else {
        Err(Problem::new(Code::InvalidIdempotencyKey).field(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(names: &[&str]) -> Vec<SubscriptionName> {
        names
            .iter()
            .map(|name| SubscriptionName((*name).to_owned()))
            .collect()
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, Problem>) -> (&'static str, String) {
        let problem = result.unwrap_err();
        let body = serde_json::to_value(problem.body()).unwrap();
        (
            problem.code().as_str(),
            body["field"].as_str().unwrap_or_default().to_owned(),
        )
    }

    #[test]
    fn subscriptions_are_different_names() {
        let all: Vec<_> = Subscription::all().map(Subscription::as_str).collect();
        assert_eq!(subscriptions(&names(&all)).unwrap().len(), 14);
        for (given, code, field) in [
            (vec![], "empty_events", "events"),
            (
                vec!["lead.captured", "lead.captured"],
                "duplicate_event",
                "events[1]",
            ),
            (vec!["*", "ticket.created", "*"], "duplicate_event", "events[2]"),
            (vec!["lead.captured", "lead.lost"], "unknown_event", "events[1]"),
            (vec!["LEAD.CAPTURED"], "unknown_event", "events[0]"),
            (vec![""], "unknown_event", "events[0]"),
            (["*"; 15].to_vec(), "too_many_events", "events"),
        ] {
            let told = refusal(subscriptions(&names(&given)));
            assert_eq!(told, (code, field.to_owned()), "{given:?}");
        }
        let problem = subscriptions(&names(&["x"])).unwrap_err().to_string();
        assert!(
            problem.contains('*') && problem.contains("lead.captured"),
            "{problem}"
        );
        assert!(!event_type("*").unwrap_err().to_string().contains("`*`"));
        assert!(
            event_type("endpoint.disabled").is_err(),
            "account events are not pushed"
        );
    }

    #[test]
    fn texts_are_bounded_and_have_no_control_characters() {
        for good in ["c", "cmf9n7u1c", "ü", &"x".repeat(128), &"ü".repeat(128)] {
            assert!(chatbot_id(good.to_owned()).is_ok());
        }
        for bad in [
            "",
            "a\nb",
            "a\u{0}",
            "\u{7f}",
            "\u{85}",
            &"x".repeat(129),
            &"ü".repeat(129),
        ] {
            assert_eq!(
                refusal(chatbot_id(bad.to_owned())),
                ("invalid_chatbot_id", "chatbotId".to_owned())
            );
        }
        for good in ["", "two\nlines", &"x".repeat(500), &"ü".repeat(500)] {
            assert!(description(good.to_owned()).is_ok());
        }
        for bad in ["a\tb", "a\r\n", &"x".repeat(501)] {
            assert_eq!(refusal(description(bad.to_owned())).0, "invalid_description");
        }
        for good in ["k", "!~", &"x".repeat(255)] {
            assert!(idempotency_key(good, "Idempotency-Key").is_ok());
        }
        for bad in ["", "a b", "ä", "a\n", &"x".repeat(256)] {
            assert_eq!(
                refusal(idempotency_key(bad, "Idempotency-Key")).0,
                "invalid_idempotency_key"
            );
        }
    }

    #[test]
    fn accounts_types_and_times() {
        assert!(account_id("org:org_2abc").is_ok());
        for bad in ["", "org_2abc", "org:", "team:x", "user:a b"] {
            assert_eq!(
                refusal(account_id(bad)),
                ("invalid_account_id", "accountId".to_owned())
            );
        }
        assert_eq!(refusal(event_type("*")), ("unknown_event", "event".to_owned()));
        assert!(timestamp("2026-03-26T16:30:00+01:00", "since").is_ok());
        for bad in ["", "now", "2026-03-26", "2026-13-01T00:00:00Z", "1774539000"] {
            assert_eq!(
                refusal(timestamp(bad, "since")),
                ("invalid_timestamp", "since".to_owned())
            );
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_the_text_itself_and_bounded(text in prop_oneof![any::<String>(), "[!-~]{0,300}", "\\PC{0,600}"]) {
            let count = text.chars().count();
            if let Ok(key) = idempotency_key(&text, "Idempotency-Key") {
                prop_assert!(key == text && (1..=255).contains(&count) && text.is_ascii() && !text.contains(' '));
            }
            if let Ok(id) = chatbot_id(text.clone()) {
                prop_assert!(id == text && (1..=128).contains(&count) && !text.contains(char::is_control));
            }
            if let Ok(words) = description(text.clone()) {
                prop_assert!(words == text && count <= 500);
            }
        }
    }
}
