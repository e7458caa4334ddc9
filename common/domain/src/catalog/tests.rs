use std::collections::HashSet;

use serde_json::{Value, json};

use super::*;
use crate::event::{AccountEvent, Subscription};

fn parse(text: &RawValue) -> Value {
    serde_json::from_str(text.get()).unwrap()
}

fn name(entry: &EventDescription) -> &str {
    entry.subscription.as_str()
}

/// A file with these types.
fn file(types: &Value) -> String {
    json!({ "eventTypes": types }).to_string()
}

/// A type of a shop, changed.
fn order(change: impl FnOnce(&mut Value)) -> Value {
    let mut order = json!({
        "name": "order.created",
        "description": "A customer placed an order.",
        "schema": { "type": "object", "properties": { "total": { "type": "number" } } },
        "sample": { "total": 9.90 },
    });
    change(&mut order);
    order
}

fn refusal(text: &str) -> String {
    Catalog::parse(text).unwrap_err().to_string()
}

#[test]
fn the_mark_that_some_editors_begin_a_file_with_is_none_of_it() {
    let text = file(&json!([order(|_| {})]));
    let catalog = Catalog::parse(&format!("\u{feff}{text}")).unwrap();
    assert_eq!(catalog.types(), Catalog::parse(&text).unwrap().types());
}

#[test]
fn the_default_is_the_catalog_of_the_product_document() {
    let catalog = Catalog::default();
    let names: Vec<_> = catalog.types().iter().map(EventType::as_str).collect();
    assert_eq!(
        names,
        [
            "session.created",
            "session.resolved",
            "message.received",
            "message.sent",
            "lead.captured",
            "ticket.created",
            "ticket.updated",
            "handoff.escalated",
            "handoff.assigned",
            "handoff.returned",
        ]
    );
    assert_eq!(catalog.example(), EventType::LEAD_CAPTURED);
    for kind in [
        EventType::SESSION_RESOLVED,
        EventType::MESSAGE_SENT,
        EventType::TICKET_CREATED,
        EventType::TICKET_UPDATED,
    ] {
        assert_eq!(catalog.find(kind.as_str()), Some(kind));
    }
}

#[test]
fn account_events_follow_the_types_in_every_catalog() {
    let shop = Catalog::parse(&file(&json!([order(|_| {})]))).unwrap();
    for catalog in [Catalog::default(), shop] {
        let types = catalog.types().iter().copied().map(Subscription::Only);
        let account = AccountEvent::ALL.iter().copied().map(Subscription::Account);
        let wanted: Vec<_> = [Subscription::All]
            .into_iter()
            .chain(types)
            .chain(account)
            .collect();
        assert_eq!(catalog.subscriptions().collect::<Vec<_>>(), wanted);
        for subscription in wanted {
            assert_eq!(
                catalog.find_subscription(subscription.as_str()),
                Some(subscription)
            );
        }
        assert_eq!(catalog.find("endpoint.disabled"), None);
        assert_eq!(catalog.find_subscription("lead.lost"), None);
    }
}

#[test]
fn every_schema_says_the_same_as_its_entry_and_every_sample_shows_all_that_is_described() {
    for entry in Catalog::default().all() {
        let (schema, sample) = (parse(&entry.schema), parse(&entry.sample));
        assert_eq!(schema["title"], name(entry));
        assert_eq!(schema["description"], entry.description);
        assert_eq!(schema["properties"]["event"]["const"], name(entry));
        assert_eq!(
            schema["required"],
            json!(["event", "chatbotId", "timestamp", "data"])
        );
        for field in schema["properties"]["data"]["properties"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(sample["data"].get(field).is_some(), "{}: {field}", name(entry));
        }
        assert_eq!((entry.version.as_str(), entry.deprecated), ("1", false));
    }
}

#[test]
fn a_sample_payload_is_the_sample_at_its_time() {
    let catalog = Catalog::default();
    let time = "2026-03-26T15:30:00.000Z".parse().unwrap();
    for entry in catalog.all() {
        let (sent, payload) = catalog
            .sample_payload(entry.subscription, None, time, 1 << 20)
            .unwrap();
        let built: Value = serde_json::from_slice(payload.as_bytes()).unwrap();
        assert_eq!((sent, built), (entry.subscription, parse(&entry.sample)));
    }
    let later = "2026-04-01T00:00:00.000Z".parse().unwrap();
    // Of a type that the catalog has no longer, there is no sample: another one is sent.
    let gone = "lead.lost".parse().unwrap();
    for kind in [EventType::LEAD_CAPTURED, gone] {
        let (sent, payload) = catalog
            .sample_payload(Subscription::Only(kind), Some("bot \"1\""), later, 1 << 20)
            .unwrap();
        assert_eq!(sent, Subscription::Only(EventType::LEAD_CAPTURED));
        assert_eq!(
            payload.as_bytes(),
            r#"{"event":"lead.captured","chatbotId":"bot \"1\"","timestamp":"2026-04-01T00:00:00.000Z","data":{"leadId":"clx_sample","name":"John Doe","email":"john@example.com","source":"lead-tool","sessionId":"rkt_sample"}}"#
        );
    }
    assert!(
        catalog
            .sample_payload(Subscription::Only(gone), None, later, 100)
            .is_err()
    );
}

#[test]
fn a_file_says_all_that_the_default_says() {
    let shop = json!({
        "chatbotId": { "description": "The shop.", "sample": "shop_1" },
        "example": "order.paid",
        "eventTypes": [
            order(|order| order["deprecated"] = json!(true)),
            order(|order| {
                order["name"] = json!("order.paid");
                order["version"] = json!("2026-03");
                order["schema"] = json!({
                    "$schema": "https://json-schema.org/draft/2020-12/schema",
                    "$defs": { "price": { "type": "number" }, "tree": { "items": { "$ref": "#" } } },
                    "properties": { "total": { "$ref": "#/$defs/price" }, "x": { "const": { "$ref": "#/x" } }, "y": { "$ref": "#name" } },
                });
            }),
        ],
    });
    let catalog = Catalog::parse(&shop.to_string()).unwrap();
    let [old, paid, ..] = catalog.all() else { panic!() };
    assert!(old.deprecated && !paid.deprecated);
    assert_eq!((old.version.as_str(), paid.version.as_str()), ("1", "2026-03"));
    assert_eq!(catalog.example().as_str(), "order.paid");
    let sample = parse(&paid.sample);
    assert_eq!(sample["chatbotId"], "shop_1");
    assert_eq!(sample["data"], json!({ "total": 9.9 }));
    let schema = parse(&paid.schema);
    assert_eq!(schema["properties"]["chatbotId"]["description"], "The shop.");
    let data = &schema["properties"]["data"];
    assert_eq!(
        data["properties"]["total"]["$ref"],
        "#/properties/data/$defs/price"
    );
    assert_eq!(data["$defs"]["tree"]["items"]["$ref"], "#/properties/data");
    assert_eq!(data["properties"]["x"]["const"], json!({ "$ref": "#/x" }));
    assert_eq!(data["properties"]["y"]["$ref"], "#name");
    assert!(data.get("$schema").is_none());
    // Where none is named, the first that isn't deprecated is shown.
    let unnamed = file(&shop["eventTypes"]);
    assert_eq!(Catalog::parse(&unnamed).unwrap().example().as_str(), "order.paid");
}

#[test]
fn what_is_wrong_with_a_type_is_told_with_its_name_and_field() {
    let of = |change: &dyn Fn(&mut Value)| refusal(&file(&json!([order(|order| change(order))])));
    let mut seen = HashSet::new();
    for (change, beginning) in [
        (
            &(|order: &mut Value| order["name"] = json!("order created")) as &dyn Fn(&mut Value),
            "event type `order created`: `name` must be a name such as order.created",
        ),
        (
            &|order| order["name"] = json!("endpoint.created"),
            "event type `endpoint.created`: `name` must not begin with `endpoint.`",
        ),
        (
            &|order| order["name"] = json!(7),
            "event type number 1: `name` must be a text",
        ),
        (
            &|order| drop(order.as_object_mut().unwrap().remove("name")),
            "event type number 1: `name` is missing",
        ),
        (
            &|order| *order = json!("order.created"),
            "event type number 1: `eventTypes` must have objects only",
        ),
        (
            &|order| order["description"] = json!("a\nb"),
            "event type `order.created`: `description` must be a sentence",
        ),
        (
            &|order| order["version"] = json!(2),
            "event type `order.created`: `version` must be a text",
        ),
        (
            &|order| order["version"] = json!(""),
            "event type `order.created`: `version` must be a text in a line",
        ),
        (
            &|order| order["deprecated"] = json!("yes"),
            "event type `order.created`: `deprecated` must be true or false",
        ),
        (
            &|order| order["schema"] = json!(true),
            "event type `order.created`: `schema` must be a JSON Schema",
        ),
        (
            &|order| order["schema"]["$schema"] = json!("http://json-schema.org/draft-07/schema#"),
            "event type `order.created`: `schema` must be of the draft 2020-12",
        ),
        (
            &|order| order["schema"]["$id"] = json!("https://example.com/order"),
            "event type `order.created`: `schema` must have no `$id`",
        ),
        (
            &|order| order["sample"] = json!([]),
            "event type `order.created`: `sample` must be a JSON object",
        ),
        (
            &|order| order["sampel"] = json!({}),
            "event type `order.created`: `sampel` is not known here; the fields are name, description, version, deprecated, schema, sample",
        ),
    ] {
        let sentence = of(change);
        assert!(sentence.starts_with(beginning), "{sentence}");
        assert!(seen.insert(sentence));
    }
}

#[test]
fn what_is_wrong_with_the_file_is_told_with_its_field() {
    let one = order(|_| {});
    let many: Vec<_> = (0..=MAX_TYPES)
        .map(|number| order(|order| order["name"] = json!(format!("order.n{number}"))))
        .collect();
    assert!(Catalog::parse(&file(&json!(many[1..]))).is_ok());
    for (text, beginning) in [
        (
            file(&json!([one, one])),
            "event type `order.created`: `name` is there twice",
        ),
        (
            file(&json!([])),
            "`eventTypes` must have 1 to 100 event types, and has 0",
        ),
        (
            file(&json!(many)),
            "`eventTypes` must have 1 to 100 event types, and has 101",
        ),
        (file(&json!({})), "`eventTypes` must be a list"),
        ("{}".to_owned(), "`eventTypes` is missing"),
        (
            "[".to_owned(),
            "`eventTypes` can't be read: the file must be a JSON object",
        ),
        (
            r#"{"eventTypes": [], "eventTypes": []}"#.to_owned(),
            "`eventTypes` can't be read: the file must be a JSON object (`eventTypes` is there twice",
        ),
        (
            json!({ "eventTypes": [one], "types": [] }).to_string(),
            "`types` is not known here; the fields are eventTypes, example, chatbotId",
        ),
        (
            json!({ "eventTypes": [one], "example": "order.paid" }).to_string(),
            "`example` must be the name of one of the event types",
        ),
        (
            json!({ "eventTypes": [one], "chatbotId": { "sample": "" } }).to_string(),
            "`chatbotId.sample` must be a line of 1 to 128",
        ),
        (
            json!({ "eventTypes": [one], "chatbotId": { "name": "" } }).to_string(),
            "`chatbotId.name` is not known here; the fields are description, sample",
        ),
    ] {
        let sentence = refusal(&text);
        assert!(sentence.starts_with(beginning), "{sentence}");
    }
}
