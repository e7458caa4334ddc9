use std::collections::BTreeSet;

use poem_openapi::registry::Registry;
use poem_openapi::types::Type;

use super::*;
use crate::json::assert_required_is_right;

fn fields_of<T: Type>() -> BTreeSet<String> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let schema = &registry.schemas[&*T::name()];
    schema
        .properties
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect()
}

#[test]
fn a_check_takes_what_creation_takes_and_a_sample() {
    assert_required_is_right::<CheckEndpoint>();
    let mut creation = fields_of::<CreateEndpoint>();
    creation.insert("sample".to_owned());
    assert_eq!(fields_of::<CheckEndpoint>(), creation);
}
