//! Reading a catalog from the text of a file.
//!
//! All that can be said without a validator of JSON Schema is said here. Whether the schemas are schemas, and the samples valid by them, is
//! checked by who has one (`api/src/event_types`).

use std::fmt;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::members::{Members, Wrong};
use super::{Catalog, EventDescription, account, body};
use crate::event::{
    AccountEvent, EventType, InvalidEventType, MAX_CHATBOT_ID, MAX_DEPTH, PayloadError, Subscription,
};

/// The most event types that a product may have: each endpoint may name all of them, and accepting an event reads what its account's
/// endpoints name.
pub const MAX_TYPES: usize = 100;

/// The longest description of a type, in characters.
const MAX_DESCRIPTION: usize = 500;

/// The longest version, in characters.
const MAX_VERSION: usize = 32;

/// The version of a type that names none.
const FIRST_VERSION: &str = "1";

const FILE: [&str; 3] = ["eventTypes", "example", "chatbotId"];

const TYPE: [&str; 6] = ["name", "description", "version", "deprecated", "schema", "sample"];

const CHATBOT: [&str; 2] = ["description", "sample"];

/// What is wrong with a catalog: which type, which field of it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError {
    /// The name of the type, or which one it is in the file; `None` if it is about the file.
    kind: Option<String>,
    wrong: Wrong,
}

impl CatalogError {
    /// Something is wrong with a field of the type of this name.
    #[must_use]
    pub fn of_type(name: &str, field: &str, reason: &str) -> Self {
        Self {
            kind: Some(format!("event type `{name}`")),
            wrong: Wrong::new(field, reason),
        }
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            write!(formatter, "{kind}: ")?;
        }
        write!(formatter, "`{}` {}", self.wrong.field, self.wrong.reason)
    }
}

impl std::error::Error for CatalogError {}

impl From<Wrong> for CatalogError {
    fn from(wrong: Wrong) -> Self {
        Self { kind: None, wrong }
    }
}

/// What the file says of chatbots: what an id stands for, and the one in samples.
struct Chatbot {
    description: String,
    sample: String,
}

impl Catalog {
    /// Reads the event types from the text of a file, and adds the account events.
    ///
    /// # Errors
    ///
    /// [`CatalogError`] names what is wrong first.
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        // Some editors begin a file with a mark that isn't seen.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut file: Members<'_> = serde_json::from_str(text).map_err(|error| {
            Wrong::new(
                "eventTypes",
                format!("can't be read: the file must be a JSON object ({error})"),
            )
        })?;
        let listed: Vec<&RawValue> = file.need("eventTypes", "a list of event types")?;
        let example: Option<String> = file.take("example", "the name of one of the event types")?;
        let chatbot = file.take("chatbotId", "an object with `description` and `sample`")?;
        file.finish(&FILE)?;
        let chatbot = Chatbot::read(chatbot)?;
        if listed.is_empty() || listed.len() > MAX_TYPES {
            let reason = format!("must have 1 to {MAX_TYPES} event types, and has {}", listed.len());
            return Err(Wrong::new("eventTypes", reason).into());
        }
        let (mut types, mut entries) = (Vec::new(), Vec::new());
        for (index, text) in listed.into_iter().enumerate() {
            let (kind, entry) = read_type(text, index, &chatbot)?;
            if types.contains(&kind) {
                return Err(CatalogError::of_type(kind.as_str(), "name", "is there twice"));
            }
            types.push(kind);
            entries.push(entry);
        }
        let usual = types.iter().zip(&entries).find(|(_, entry)| !entry.deprecated);
        let usual = usual.map(|(kind, _)| kind).or(types.first());
        let example = match example {
            Some(name) => types.iter().find(|kind| kind.as_str() == name),
            None => usual,
        };
        let example = example
            .copied()
            .ok_or_else(|| Wrong::new("example", "must be the name of one of the event types"))?;
        entries.extend(AccountEvent::ALL.iter().copied().map(account::describe));
        Ok(Self {
            types,
            entries,
            example,
            chatbot: chatbot.sample,
        })
    }
}

impl Chatbot {
    fn read(given: Option<Members<'_>>) -> Result<Self, CatalogError> {
        let mut chatbot = Self {
            description: "The chatbot in which it happened.".to_owned(),
            sample: "sample_chatbot".to_owned(),
        };
        if let Some(mut given) = given {
            let fields = given.take("description", "a text").and_then(|description| {
                let sample = given.take("sample", "a text")?;
                given.finish(&CHATBOT)?;
                Ok((description, sample))
            });
            let within = |wrong: Wrong| Wrong::new(&format!("chatbotId.{}", wrong.field), wrong.reason);
            let (description, sample): (Option<String>, Option<String>) = fields.map_err(within)?;
            chatbot.description = description.unwrap_or(chatbot.description);
            chatbot.sample = sample.unwrap_or(chatbot.sample);
        }
        let one_line = |field: &str, text: &str, most| {
            let wrong = Wrong::new(field, format!("must be a line of 1 to {most} characters"));
            is_line(text, most).then_some(()).ok_or(wrong)
        };
        one_line("chatbotId.description", &chatbot.description, MAX_DESCRIPTION)?;
        one_line("chatbotId.sample", &chatbot.sample, MAX_CHATBOT_ID)?;
        Ok(chatbot)
    }
}

/// Reads one of the types; `index` says which one it is.
fn read_type(
    text: &RawValue,
    index: usize,
    chatbot: &Chatbot,
) -> Result<(EventType, EventDescription), CatalogError> {
    let nameless = |wrong| CatalogError {
        kind: Some(format!("event type number {}", index + 1)),
        wrong,
    };
    let mut members: Members<'_> = serde_json::from_str(text.get()).map_err(|error| {
        nameless(Wrong::new(
            "eventTypes",
            format!("must have objects only ({error})"),
        ))
    })?;
    let name: String = members.need("name", "a text").map_err(nameless)?;
    let kind: EventType = name.parse().map_err(|error: InvalidEventType| {
        let shown: String = name
            .chars()
            .take(80)
            .filter(|letter| !letter.is_control())
            .collect();
        CatalogError::of_type(&shown, "name", &error.to_string())
    })?;
    let entry = read_fields(kind, members, chatbot).map_err(|wrong| CatalogError {
        kind: Some(format!("event type `{kind}`")),
        wrong,
    })?;
    Ok((kind, entry))
}

fn read_fields(
    kind: EventType,
    mut members: Members<'_>,
    chatbot: &Chatbot,
) -> Result<EventDescription, Wrong> {
    let line = |field: &str, most: usize| format!("a {field} in a line of 1 to {most} characters");
    let description: String = members.need("description", "a text")?;
    if !is_line(&description, MAX_DESCRIPTION) {
        return Err(Wrong::new(
            "description",
            format!("must be {}", line("sentence", MAX_DESCRIPTION)),
        ));
    }
    let version: Option<String> = members.take("version", "a text")?;
    let version = version.unwrap_or_else(|| FIRST_VERSION.to_owned());
    if !is_line(&version, MAX_VERSION) {
        return Err(Wrong::new(
            "version",
            format!("must be {}", line("text", MAX_VERSION)),
        ));
    }
    let deprecated: Option<bool> = members.take("deprecated", "true or false")?;
    let schema: Map<String, Value> = members.need("schema", "a JSON Schema of `data`, as an object")?;
    let sample: &RawValue = members.need("sample", "a sample of `data`")?;
    members.finish(&TYPE)?;
    let sample = body::sample(kind, &chatbot.sample, sample).map_err(|error| {
        Wrong::new(
            "sample",
            match error {
                PayloadError::NotAnObject => "must be a JSON object: a sample of `data`".to_owned(),
                PayloadError::TooDeep => format!("must not be nested more than {MAX_DEPTH} levels deep"),
                PayloadError::TooLarge { .. } => error.to_string(),
            },
        )
    })?;
    Ok(EventDescription {
        subscription: Subscription::Only(kind),
        schema: body::schema(kind, &description, &chatbot.description, schema)
            .map_err(|reason| Wrong::new("schema", reason))?,
        sample,
        description,
        version,
        deprecated: deprecated.unwrap_or_default(),
    })
}

/// Whether a text is one line of 1 to `most` characters.
fn is_line(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
