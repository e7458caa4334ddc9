use domain::event::Subscription;
use serde_json::{Value, json};

use super::*;

/// The file that docs/event-types.md shows.
const SHOP: &str = include_str!("../../../docs/event-types.json");

fn shop() -> Value {
    serde_json::from_str(SHOP).unwrap()
}

#[test]
fn what_we_have_ourselves_keeps_the_rules() {
    schema::check(&Catalog::default()).unwrap();
    assert_eq!(read("").unwrap().0.types(), Catalog::default().types());
}

#[test]
fn the_file_that_is_documented_is_a_good_one() {
    let catalog = parse(SHOP).unwrap();
    let names: Vec<_> = catalog.types().iter().map(|kind| kind.as_str()).collect();
    assert!(names.contains(&"order.created"), "{names:?}");
    let deprecated = catalog.all().iter().find(|entry| entry.deprecated).unwrap();
    assert!(matches!(deprecated.subscription, Subscription::Only(_)));
    let text = include_str!("../../../docs/event-types.md");
    assert!(
        text.contains(SHOP.trim_end()),
        "docs/event-types.md shows another file"
    );
}

#[test]
fn schemas_and_samples_are_checked_and_what_is_wrong_is_told_in_a_line() {
    for (path, value, sentence) in [
        (
            "/schema/type",
            json!("objekt"),
            "event type `order.created`: `schema` is no JSON Schema: at `/type`: ",
        ),
        (
            "/schema/properties/orderId",
            json!({ "type": "string", "pattern": "(" }),
            "event type `order.created`: `schema` is no JSON Schema: at `/properties/orderId/pattern`: '(' is not valid regex",
        ),
        (
            "/schema/properties/orderId",
            json!({ "$ref": "#/$defs/absent" }),
            "event type `order.created`: `schema` is no JSON Schema: json-pointer in #/properties/data/$defs/absent not found",
        ),
        (
            "/schema/properties/orderId",
            json!({ "$ref": "https://example.com/order" }),
            "event type `order.created`: `schema` is no JSON Schema: error loading https://example.com/order: a schema may refer to \
             what is in it only",
        ),
        (
            "/schema/properties/orderId",
            json!({ "$ref": "file:///etc/passwd" }),
            "event type `order.created`: `schema` is no JSON Schema: error loading file:///etc/passwd: a schema may refer to what is \
             in it only",
        ),
        (
            "/sample/orderId",
            json!(7),
            "event type `order.created`: `sample` is not valid by its schema: at `/data/orderId`: want string, but got number",
        ),
        (
            "/sample/placedAt",
            json!("yesterday"),
            "event type `order.created`: `sample` is not valid by its schema: at `/data/placedAt`: 'yesterday' is not valid date-time",
        ),
        (
            "/sample",
            json!({}),
            "event type `order.created`: `sample` is not valid by its schema: at `/data`: missing ",
        ),
    ] {
        let mut shop = shop();
        let at = format!("/eventTypes/0{path}");
        *shop.pointer_mut(&at).unwrap() = value;
        let told = parse(&shop.to_string()).unwrap_err();
        assert!(told.starts_with(sentence), "{told}");
        assert!(told.len() < 500 && !told.contains('\n'), "{told}");
    }
}

#[test]
fn a_schema_that_refers_to_itself_is_no_trap() {
    let mut shop = shop();
    shop["eventTypes"][0]["schema"] = json!({ "$ref": "#" });
    let told = parse(&shop.to_string()).unwrap_err();
    assert!(told.starts_with("event type `order.created`: `s"), "{told}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_its_path() {
    let absent = read("/nowhere/types.json").unwrap_err();
    assert!(
        absent.starts_with("the file `/nowhere/types.json` can't be read ("),
        "{absent}"
    );
    assert_eq!(
        read("/dev/zero").unwrap_err(),
        "the file `/dev/zero` is longer than 1048576 bytes"
    );
}
