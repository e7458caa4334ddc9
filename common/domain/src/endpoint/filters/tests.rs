use serde_json::json;

use super::*;

const DATA: &str = r#"{"source":"lead-tool","count":1,"ratio":1.50,"big":9007199254740993,"huge":1e400,"ok":true,"none":null,
    "empty":"","lead":{"a/b":"x","m~n":"y","tags":["hot",{"deep":7}]},"1":"one","dup":1,"dup":2}"#;

fn filters(conditions: Value) -> Filters {
    let conditions: Vec<Condition> = serde_json::from_value(conditions).unwrap();
    Filters::new(conditions).unwrap()
}

fn holds(condition: Value) -> bool {
    filters(json!([condition])).hold_for(&Data::new(DATA.as_bytes()))
}

#[test]
fn a_condition_is_compared_with_the_value_as_it_came() {
    for (condition, is_met) in [
        (json!({"pointer": "/source", "equals": "lead-tool"}), true),
        (json!({"pointer": "/source", "equals": "Lead-tool"}), false),
        (json!({"pointer": "/count", "equals": 1}), true),
        (json!({"pointer": "/count", "equals": 1.0}), true),
        (json!({"pointer": "/count", "equals": "1"}), false),
        (json!({"pointer": "/count", "equals": true}), false),
        (json!({"pointer": "/ratio", "equals": 1.5}), true),
        (
            json!({"pointer": "/big", "equals": 9_007_199_254_740_993_u64}),
            true,
        ),
        (
            json!({"pointer": "/big", "equals": 9_007_199_254_740_992_u64}),
            false,
        ),
        (json!({"pointer": "/huge", "equals": 1}), false),
        (json!({"pointer": "/huge", "exists": true}), true),
        (json!({"pointer": "/ok", "equals": true}), true),
        (json!({"pointer": "/ok", "equals": "true"}), false),
        (json!({"pointer": "/none", "equals": null}), true),
        (json!({"pointer": "/none", "exists": true}), true),
        (json!({"pointer": "/none", "exists": false}), false),
        (json!({"pointer": "/lead", "exists": true}), true),
        (json!({"pointer": "/lead", "equals": null}), false),
        (json!({"pointer": "/lead/a~1b", "equals": "x"}), true),
        (json!({"pointer": "/lead/m~0n", "equals": "y"}), true),
        (json!({"pointer": "/lead/tags/0", "equals": "hot"}), true),
        (json!({"pointer": "/lead/tags/00", "exists": true}), false),
        (json!({"pointer": "/lead/tags/1/deep", "equals": 7}), true),
        (json!({"pointer": "/lead/tags/2", "exists": true}), false),
        (json!({"pointer": "/source/0", "exists": true}), false),
        (json!({"pointer": "/1", "equals": "one"}), true),
        (json!({"pointer": "/dup", "equals": 2}), true),
        (json!({"pointer": "/source", "in": ["form", "lead-tool"]}), true),
        (json!({"pointer": "/source", "in": ["form"]}), false),
        (json!({"pointer": "/count", "in": ["1", 2, 1]}), true),
        (json!({"pointer": "/source", "prefix": "lead-"}), true),
        (json!({"pointer": "/source", "prefix": "lead-tools"}), false),
        (json!({"pointer": "/count", "prefix": "1"}), false),
        (json!({"pointer": "/empty", "equals": ""}), true),
        // What isn't there.
        (json!({"pointer": "/other", "equals": null}), false),
        (json!({"pointer": "/other", "in": [null, "x"]}), false),
        (json!({"pointer": "/other", "prefix": "x"}), false),
        (json!({"pointer": "/other", "exists": true}), false),
        (json!({"pointer": "/other", "exists": false}), true),
        (json!({"pointer": "/", "exists": false}), true),
    ] {
        assert_eq!(holds(condition.clone()), is_met, "{condition}");
    }
}

#[test]
fn all_conditions_must_hold() {
    let one = json!({"pointer": "/count", "equals": 1});
    let other = json!({"pointer": "/count", "equals": 2});
    let data = Data::new(DATA.as_bytes());
    assert!(filters(json!([])).hold_for(&data));
    assert!(filters(json!([one, one])).hold_for(&data));
    assert!(!filters(json!([one, other])).hold_for(&data));
    for data in ["", "[]", "1", "{"] {
        assert!(!filters(json!([one])).hold_for(&Data::new(data.as_bytes())));
    }
}

#[test]
fn what_is_stored_says_the_same() {
    let written = json!([{"pointer": "/a", "in": ["x", 1, null]}, {"pointer": "/b", "exists": false}]);
    let filters = filters(written.clone());
    let text = filters.to_stored().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), written);
    assert_eq!(Filters::from_stored(&text), filters);
    assert_eq!(Filters::default().to_stored(), None);
    assert!(Filters::from_stored("what").is_empty());
}

#[test]
fn what_no_condition_can_be_is_named() {
    let long = "x".repeat(MAX_TEXT + 1);
    for (condition, field) in [
        (json!({"pointer": "", "exists": true}), "pointer"),
        (json!({"pointer": "a", "exists": true}), "pointer"),
        (json!({"pointer": "/a~", "exists": true}), "pointer"),
        (json!({"pointer": "/a~2", "exists": true}), "pointer"),
        (json!({"pointer": format!("/{long}"), "exists": true}), "pointer"),
        (json!({"pointer": "/a", "equals": {}}), "equals"),
        (json!({"pointer": "/a", "equals": [1]}), "equals"),
        (json!({"pointer": "/a", "equals": long}), "equals"),
        (json!({"pointer": "/a", "in": []}), "in"),
        (json!({"pointer": "/a", "in": [[]]}), "in"),
        (json!({"pointer": "/a", "in": vec![1; MAX_VALUES + 1]}), "in"),
        (json!({"pointer": "/a", "prefix": ""}), "prefix"),
        (json!({"pointer": "/a", "prefix": long}), "prefix"),
    ] {
        let good = json!({"pointer": "/a", "exists": true});
        let conditions = serde_json::from_value(json!([good, condition])).unwrap();
        let wrong = Filters::new(conditions).unwrap_err();
        assert_eq!(
            wrong
                .iter()
                .map(|fault| (fault.place, fault.field))
                .collect::<Vec<_>>(),
            [(1, field)],
            "{condition}"
        );
    }
}
