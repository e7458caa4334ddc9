//! Which events of the types that it subscribes to an endpoint gets: chatbots and filters, as requests and answers have them, and
//! whether an event is among them.

use domain::endpoint::{
    Chatbots, Data, FilterCondition, FilterTest, Filters, MAX_CHATBOTS, MAX_CONDITIONS, MAX_VALUES,
};
use domain::event::{EventType, Subscription};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::super::fields;
use super::super::schema::{ChatbotId, Scalar, present};
use crate::problem::{Code, Faults, Problem};

/// A condition on a value of an event's `data`. Besides `pointer` it has exactly one other field. What isn't there meets no condition but
/// `exists: false`; nothing is converted: the text `"1"` is not the number `1`.
#[derive(Debug, Clone, Deserialize, Serialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Filter")]
pub(crate) struct FilterObject {
    /// Where the value is: a JSON pointer (RFC 6901) into `data`, such as `/lead/source`.
    #[oai(validator(max_length = 256, pattern = "^/"))]
    pointer: String,
    /// The value must be this text, number or boolean, or `null`.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[oai(skip_serializing_if_is_none)]
    equals: Option<Scalar>,
    /// The value must be one of these.
    #[serde(
        rename = "in",
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[oai(
        rename = "in",
        skip_serializing_if_is_none,
        validator(min_items = 1, max_items = 50)
    )]
    within: Option<Vec<Scalar>>,
    /// The value must be there (`null` is), or must not.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[oai(skip_serializing_if_is_none)]
    exists: Option<bool>,
    /// The value must be a text that begins with this one.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[oai(skip_serializing_if_is_none, validator(min_length = 1, max_length = 256))]
    prefix: Option<String>,
}

/// The chatbots of a new endpoint.
pub(super) fn chatbots(one: Option<ChatbotId>, several: Option<Vec<ChatbotId>>) -> Result<Chatbots, Problem> {
    match (one, several) {
        (Some(_), Some(_)) => Err(given_twice()),
        (Some(ChatbotId(id)), None) => fields::chatbot_id(id).map(|id| Chatbots::new(vec![id])),
        (None, Some(ids)) => list(ids),
        (None, None) => Ok(Chatbots::default()),
    }
}

/// The chatbots that an endpoint is to have; `None` if they stay as they are. A form may send back what it read: `null` with one of the
/// fields leaves it to the other.
#[expect(clippy::option_option, reason = "what is `null` isn't what is absent")]
pub(super) fn changed_chatbots(
    one: Option<Option<ChatbotId>>,
    several: Option<Option<Vec<ChatbotId>>>,
) -> Result<Option<Chatbots>, Problem> {
    match (one, several) {
        (Some(Some(_)), Some(Some(_))) => Err(given_twice()),
        (None, None) => Ok(None),
        (one, several) => chatbots(one.flatten(), several.flatten()).map(Some),
    }
}

fn given_twice() -> Problem {
    Problem::new(Code::InvalidValue)
        .detail("Give `chatbotId` or `chatbotIds`, not both.")
        .field("chatbotIds")
}

fn list(ids: Vec<ChatbotId>) -> Result<Chatbots, Problem> {
    if !(1..=MAX_CHATBOTS).contains(&ids.len()) {
        return Err(Problem::new(Code::InvalidValue)
            .detail(format!(
                "Give from 1 to {MAX_CHATBOTS} chatbots in `chatbotIds`, or `null` for all."
            ))
            .field("chatbotIds")
            .param("min", 1)
            .param("max", MAX_CHATBOTS));
    }
    let (mut known, mut faults) = (Vec::<String>::new(), Faults::default());
    for (place, ChatbotId(id)) in ids.into_iter().enumerate() {
        let field = format!("chatbotIds[{place}]");
        let Some(id) = faults.take(fields::chatbot_id(id).map_err(|problem| problem.field(&field))) else {
            continue;
        };
        if known.contains(&id) {
            faults.note(
                Problem::new(Code::InvalidValue)
                    .detail("This chatbot is there twice: give it once.")
                    .field(field),
            );
        }
        known.push(id);
    }
    faults.finish().map(|()| Chatbots::new(known))
}

/// Filters, if they can be any.
pub(super) fn filters(given: Vec<FilterObject>) -> Result<Filters, Problem> {
    if given.len() > MAX_CONDITIONS {
        return Err(Problem::new(Code::InvalidValue)
            .detail(format!("Give at most {MAX_CONDITIONS} conditions in `filters`."))
            .field("filters")
            .param("max", MAX_CONDITIONS));
    }
    let (mut conditions, mut faults) = (Vec::new(), Faults::default());
    for (place, filter) in given.into_iter().enumerate() {
        let tests = [
            filter.equals.map(|Scalar(value)| FilterTest::Equals(value)),
            filter
                .within
                .map(|values| FilterTest::In(values.into_iter().map(|Scalar(value)| value).collect())),
            filter.exists.map(FilterTest::Exists),
            filter.prefix.map(FilterTest::Prefix),
        ];
        let mut tests = tests.into_iter().flatten();
        match (tests.next(), tests.next()) {
            (Some(test), None) => conditions.push(FilterCondition {
                pointer: filter.pointer,
                test,
            }),
            _ => faults.note(
                Problem::new(Code::InvalidValue)
                    .detail("Give exactly one of `equals`, `in`, `exists` and `prefix` with each `pointer`.")
                    .field(format!("filters[{place}]")),
            ),
        }
    }
    faults.finish()?;
    Filters::new(conditions).map_err(|wrong| {
        let mut faults = Faults::default();
        for fault in wrong {
            let problem =
                Problem::new(Code::InvalidValue).detail(format!("`{}` {}.", fault.field, fault.reason));
            faults.note(problem.field(format!("filters[{}].{}", fault.place, fault.field)));
        }
        faults.into()
    })
}

/// Filters as answers have them.
pub(super) fn shown(filters: &Filters) -> Vec<FilterObject> {
    let shown = filters.conditions().iter().map(|condition| {
        let mut shown = FilterObject {
            pointer: condition.pointer.clone(),
            equals: None,
            within: None,
            exists: None,
            prefix: None,
        };
        match condition.test.clone() {
            FilterTest::Equals(value) => shown.equals = Some(Scalar(value)),
            FilterTest::In(values) => shown.within = Some(values.into_iter().map(Scalar).collect()),
            FilterTest::Exists(wanted) => shown.exists = Some(wanted),
            FilterTest::Prefix(text) => shown.prefix = Some(text),
        }
        shown
    });
    shown.collect()
}

/// Which events an endpoint gets while it is active.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) events: &'a [Subscription],
    pub(super) chatbots: &'a Chatbots,
    pub(super) filters: &'a Filters,
}

impl Choice<'_> {
    /// Whether an event, or an account event, is among them: account events are of no chatbot, and aren't filtered.
    pub(super) fn wants(self, event: Subscription, chatbot: &str, data: &[u8]) -> bool {
        match event {
            Subscription::Only(event) => self.includes(event, chatbot, data),
            Subscription::Account(_) | Subscription::All => self.events.contains(&event),
        }
    }

    /// Whether an event is among them.
    pub(super) fn includes(self, event: EventType, chatbot: &str, data: &[u8]) -> bool {
        let by_type = self
            .events
            .iter()
            .any(|wanted| wanted.covers(Subscription::Only(event)));
        by_type && self.chatbots.include(chatbot) && self.filters.hold_for(&Data::new(data))
    }
}

const _: () = assert!(
    MAX_VALUES == 50 && MAX_CONDITIONS == 5 && MAX_CHATBOTS == 50,
    "the document says so"
);
