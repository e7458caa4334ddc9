use super::*;

fn rules(known: &[&str], unknown: Unknown) -> QueryRules {
    let all = ["status", "event", "since", "until", "cursor", "limit", "id"];
    QueryRules {
        known: known.iter().map(ToString::to_string).collect(),
        all: all.map(str::to_owned).into(),
        unknown,
    }
}

fn refused(rules: &QueryRules, query: &str) -> Option<String> {
    let problem = rules.check(query).err()?;
    assert_eq!(problem.code(), Code::UnknownParameter);
    Some(problem.body().detail().to_owned())
}

#[test]
fn what_looks_like_a_known_parameter_is_refused_and_all_else_is_not() {
    let listing = rules(&["id", "status"], Unknown::RefuseSimilar);
    for fine in [
        "",
        "id=1",
        "status=x&id=2",
        "_=1700000000",
        "utm_source=mail",
        "a",
        "ib=1",
        "stages=1&x",
    ] {
        assert_eq!(refused(&listing, fine), None, "{fine}");
    }
    for (query, name, hint) in [
        ("statuss=x", "statuss", " Did you mean `status`?"),
        ("statsu=x", "statsu", " Did you mean `status`?"),
        ("tatus=x", "tatus", " Did you mean `status`?"),
        ("stqtus=x", "stqtus", " Did you mean `status`?"),
        ("Status=x", "Status", " Did you mean `status`?"),
        ("id=1&_id=2", "_id", " Did you mean `id`?"),
        ("limit=5", "limit", ""),
        ("limits=5", "limits", ""),
        ("Since=5", "Since", ""),
    ] {
        let detail = format!("This call has no parameter `{name}`.{hint} The parameters are id, status.");
        assert_eq!(refused(&listing, query), Some(detail));
    }
}

#[test]
fn a_strict_call_refuses_every_unknown_parameter() {
    let detail = "This call has no parameter `utm_source`. It takes none in its query.";
    let strict = rules(&[], Unknown::Refuse);
    assert_eq!(refused(&strict, "utm_source=mail").as_deref(), Some(detail));
    assert_eq!(refused(&strict, ""), None);
    let own = rules(&[], Unknown::Own);
    assert_eq!(refused(&own, "limits=5"), None);
}

#[test]
fn names_that_a_caller_made_up_are_repeated_in_short() {
    let strict = rules(&[], Unknown::Refuse);
    let detail = refused(&strict, &format!("{}%00%0A=1", "x".repeat(5000))).unwrap();
    assert!(
        detail.len() < 200 && !detail.contains(char::is_control),
        "{detail}"
    );
}
