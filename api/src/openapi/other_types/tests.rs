use domain::header_names::HeaderPrefix;

use super::*;
use crate::openapi::{document, document_for};

fn shop() -> Catalog {
    Catalog::parse(include_str!("../../../../docs/event-types.json")).unwrap()
}

#[test]
fn the_document_of_another_product_shows_its_types_and_none_of_ours() {
    let text = document_for(&HeaderPrefix::default(), &shop());
    for kind in Catalog::default().types() {
        assert!(!text.contains(kind.as_str()), "{kind}");
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    let names = &document["components"]["schemas"]["EventName"]["x-extensible-enum"];
    let ours = json!(["order.created", "order.shipped", "basket.abandoned"]);
    assert_eq!(names.as_array().unwrap()[..3], ours.as_array().unwrap()[..]);
    let push = &document["paths"]["/api/events"]["post"]["requestBody"]["content"]["application/json"];
    let (_, pushed) = push["examples"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(pushed["value"]["event"], "order.created");
    assert_eq!(pushed["value"]["data"]["orderId"], "ord_1001");
    let creates = &document["paths"]["/api/webhooks-config"]["post"];
    let created = &creates["requestBody"]["content"]["application/json"]["examples"];
    let events = created
        .as_object()
        .unwrap()
        .values()
        .map(|example| &example["value"]["events"]);
    assert!(
        events
            .clone()
            .any(|events| *events == json!(["order.created", "order.shipped"])),
        "{created}"
    );
    let listed =
        &document["paths"]["/api/event-types"]["get"]["responses"]["200"]["content"]["application/json"];
    let listed = &listed["example"]["eventTypes"][0];
    assert_eq!(listed["sample"]["data"]["orderId"], "ord_1001");
    assert_eq!(listed["schema"]["title"], "order.created");
    // No example names a type that is on its way out, but for the list of receivers' bodies.
    let most = &document["components"]["schemas"]["CreateEndpoint"]["properties"]["events"]["maxItems"];
    assert_eq!(*most, 8);
}

#[test]
fn a_product_that_adds_types_keeps_the_examples() {
    let mut file: Value =
        serde_json::from_str(include_str!("../../../../common/domain/src/catalog/default.json")).unwrap();
    let more = json!({"name": "lead.lost", "description": "A lead is lost.", "schema": {}, "sample": {}});
    file["eventTypes"].as_array_mut().unwrap().push(more);
    let catalog = Catalog::parse(&file.to_string()).unwrap();
    let with = document_for(&HeaderPrefix::default(), &catalog);
    assert_eq!(
        with.matches("lead.captured").count(),
        document().matches("lead.captured").count()
    );
    assert!(with.contains("lead.lost"));
}
