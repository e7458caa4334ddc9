use super::*;

const ONE: &str = "ep_7zq3k9m2x4t8w1v5";
const OTHER: &str = "ep_0000000000000000";

#[test]
fn an_endpoint_may_be_named_twice_but_no_two_endpoints() {
    for names in [
        &[Some(ONE)][..],
        &[None, Some(ONE)],
        &[Some(ONE), None, Some(ONE)],
    ] {
        assert_eq!(only_one(names.to_vec()).unwrap().as_str(), ONE, "{names:?}");
    }
    for (names, code) in [
        (&[][..], Code::MissingField),
        (&[None, None], Code::MissingField),
        (&[Some(ONE), Some(OTHER)], Code::InvalidValue),
        (&[None, Some(ONE), Some("")], Code::InvalidValue),
        (&[Some("")], Code::EndpointNotFound),
        (&[Some("ep_x"), Some("ep_x")], Code::EndpointNotFound),
    ] {
        assert_eq!(only_one(names.to_vec()).unwrap_err().code(), code, "{names:?}");
    }
}

#[test]
fn a_query_is_read_as_often_as_it_names_something() {
    let names = |query| QueryId::<true>::read(query).0;
    assert_eq!(names("a=1&id=x&id=y%20z&ID=3"), ["x", "y z"]);
    assert_eq!(names("id"), [""]);
    assert!(names("").is_empty());
}

#[test]
fn a_body_names_an_endpoint_only_as_an_object() {
    let name = |body: &str| BodyId::read(body.as_bytes()).0;
    assert_eq!(name(r#"{"id":"x\u0041","more":[1]}"#).as_deref(), Some("xA"));
    for other in [
        "",
        "null",
        "{}",
        r#"{"id":null}"#,
        r#"{"id":7}"#,
        r#"["x"]"#,
        r#"{"id":"x""#,
        "id=x",
    ] {
        assert_eq!(name(other), None, "{other}");
    }
}
