use domain::endpoint::EndpointTag;

use super::*;

const ONE: &str = "0123456789abcdef0123";
const OTHER: &str = "ffffffffffffffffffff";

fn read(lines: &[&str]) -> Result<Condition, Problem> {
    let lines = lines.iter().map(|line| (header::IF_MATCH, line.parse().unwrap()));
    IfMatch::of(&lines.collect()).map(|IfMatch(condition)| condition)
}

#[test]
fn a_condition_may_stand_on_several_lines() {
    let tags = |texts: &[&str]| {
        let tags = texts.iter().map(|text| EndpointTag::new(text).unwrap());
        Condition::HasTag(tags.collect())
    };
    let (one, other) = (format!("\"{ONE}\""), format!("\"{OTHER}\""));
    assert_eq!(read(&[]).unwrap(), Condition::Exists);
    assert_eq!(read(&["*"]).unwrap(), Condition::Exists);
    assert_eq!(read(&[&one]).unwrap(), tags(&[ONE]));
    assert_eq!(read(&[&one, &other]).unwrap(), tags(&[ONE, OTHER]));
    assert_eq!(read(&["", &other]).unwrap(), tags(&[OTHER]));
}

#[test]
fn a_malformed_condition_is_refused_and_not_taken_for_none() {
    for lines in [&[""][..], &[ONE], &["*", "*"], &["*", "\"a\""], &["\"a\"", "b"]] {
        let problem = read(lines).unwrap_err();
        assert_eq!(problem.code(), Code::InvalidValue, "{lines:?}");
        assert_eq!(serde_json::to_value(problem.body()).unwrap()["field"], HEADER);
    }
}
