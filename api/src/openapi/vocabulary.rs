//! The words that several schemas share, each list under one name: event types, the errors of attempts, the codes of problems, and
//! what the signature doctor finds.
//!
//! Fields say which list their word is of; which words there are, and what each means, comes from where the program defines them.

use doctor::FindingCode;
use domain::catalog::Catalog;
use domain::delivery::{Failure, GivenUp};
use serde_json::{Map, Value, json};

use crate::problem::Code;

/// Describes the lists in place.
pub(super) fn complete(document: &mut Value, catalog: &Catalog) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else {
        return;
    };
    event_names(schemas, catalog);
    bound_lists(schemas, catalog);
    let errors = Failure::ALL
        .map(|failure| (failure.code(), of_failure(failure)))
        .into_iter()
        .chain(GivenUp::ALL.map(|reason| (reason.code(), of_giving_up(reason))));
    closed(
        schemas,
        "FailureCode",
        "Why an attempt failed, or a delivery was given up.",
        errors,
    );
    closed(
        schemas,
        "ErrorCode",
        "What went wrong: branch on this. A code is stable and never changes its meaning; later releases may add some.",
        Code::ALL.iter().map(|code| (code.as_str(), code.title())),
    );
    closed(
        schemas,
        "FindingCode",
        "What the examination of a signature found: branch on this. Later releases may add some.",
        FindingCode::ALL.iter().map(|code| (code.as_str(), "")),
    );
}

/// Event types are an open list: there will be more, and a client that refuses what it doesn't know would break on that day. So
/// the schema is a text; the extension lists those of this release, for tools that offer them.
fn event_names(schemas: &mut Map<String, Value>, catalog: &Catalog) {
    let entries = catalog.all();
    let lines: Vec<_> = entries
        .iter()
        .map(|entry| format!("- `{}`: {}", entry.subscription.as_str(), entry.description))
        .collect();
    let names: Vec<_> = entries.iter().map(|entry| entry.subscription.as_str()).collect();
    schemas["EventName"] = json!({
        "type": "string",
        "description": format!(
            "The name of an event type. There will be others: take a name that you don't know for one of them, not for a \
             mistake. In subscriptions `*` stands for all types that the backend pushes. These are the types now:\n\n{}",
            lines.join("\n")
        ),
        "example": catalog.example().as_str(),
        "x-extensible-enum": names,
    });
}

/// A request can name each of them once; `*` stands in subscriptions alone.
fn bound_lists(schemas: &mut Map<String, Value>, catalog: &Catalog) {
    let (subscriptions, delivered) = (catalog.subscriptions().count(), catalog.all().len());
    for (name, schema) in schemas {
        let list = schema.pointer_mut("/properties/events");
        if let Some(list) = list.filter(|list| list["uniqueItems"] == true) {
            let most = if name.ends_with("Endpoint") {
                subscriptions
            } else {
                delivered
            };
            list["maxItems"] = json!(most);
        }
    }
}

fn closed(
    schemas: &mut Map<String, Value>,
    name: &str,
    description: &str,
    words: impl IntoIterator<Item = (&'static str, &'static str)>,
) {
    let (mut lines, mut names) = (Vec::new(), Vec::new());
    for (word, meaning) in words {
        names.push(word);
        if !meaning.is_empty() {
            lines.push(format!("- `{word}`: {meaning}"));
        }
    }
    let mut text = description.to_owned();
    if !lines.is_empty() {
        text = format!("{text}\n\n{}", lines.join("\n"));
    }
    schemas[name] = json!({ "type": "string", "description": text, "enum": names });
}

const fn of_failure(failure: Failure) -> &'static str {
    match failure {
        Failure::Status => "the receiver answered with a status that is neither 2xx nor 3xx",
        Failure::Redirect => "the receiver answered with a redirect, and we follow none",
        Failure::Gone => "the receiver answered `410 Gone`, which disables the endpoint",
        Failure::Timeout => "the receiver didn't answer in time",
        Failure::Dns => "the host name did not resolve",
        Failure::BlockedAddress => "the host is, or resolves to, an address that is not public",
        Failure::Connect => "the receiver took no connection",
        Failure::Tls => "TLS failed: the certificate, its name, or the protocol",
        Failure::Protocol => "the connection ended early, or the answer was not HTTP",
        Failure::Url => "the URL is no longer allowed",
    }
}

const fn of_giving_up(reason: GivenUp) -> &'static str {
    match reason {
        GivenUp::PayloadMissing => "given up: what was to be sent was lost in our store",
        GivenUp::ParkedTooLong => "given up: it was parked for too long",
        GivenUp::ParkedOverflow => "given up: too much was parked",
        GivenUp::EndpointOverBudget => "given up: its endpoint held over half of the account's budget",
        GivenUp::Erased => "canceled: its event was erased",
    }
}
