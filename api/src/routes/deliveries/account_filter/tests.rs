use super::*;

fn statuses(given: &[&str]) -> Result<(Vec<&'static str>, bool), Problem> {
    let given: Vec<_> = given
        .iter()
        .map(|text| AccountStatus((*text).to_owned()))
        .collect();
    let (statuses, canceled) = read_statuses(&given)?;
    Ok((
        statuses.iter().map(|status| status.state().as_str()).collect(),
        canceled,
    ))
}

#[test]
fn several_states_are_read_in_any_order_and_spelling() {
    assert_eq!(statuses(&[]).unwrap(), (vec![], false));
    for given in [
        &["succeeded", "pending"][..],
        &["pending,succeeded"],
        &["succeeded", "pending,succeeded"],
    ] {
        assert_eq!(
            statuses(given).unwrap(),
            (vec!["pending", "succeeded"], false),
            "{given:?}"
        );
    }
    assert_eq!(
        statuses(&["canceled", "quarantined"]).unwrap(),
        (vec!["quarantined"], true)
    );
    for given in ["", "pending,", "Pending", "failed"] {
        assert_eq!(
            statuses(&[given]).unwrap_err().code(),
            Code::InvalidFilter,
            "{given}"
        );
    }
}

#[test]
fn several_endpoints_are_read_in_any_order_and_spelling() {
    let ids = |given: &[&str]| {
        let given: Vec<_> = given.iter().map(|text| IdText((*text).to_owned())).collect();
        read_endpoints(&given).map_err(|problem| problem.code())
    };
    let [one, other] = ["ep_0000000000000000", "ep_0000000000000001"];
    let both = vec![one.parse().unwrap(), other.parse().unwrap()];
    for given in [
        &[one, other][..],
        &["ep_0000000000000001,ep_0000000000000000"],
        &[other, "ep_0000000000000000,ep_0000000000000001"],
    ] {
        assert_eq!(ids(given).unwrap(), both, "{given:?}");
    }
    assert_eq!(ids(&["ep_0000000000000000,"]), Err(Code::EndpointNotFound));
    let many = vec![one; 101];
    assert_eq!(ids(&many), Err(Code::InvalidFilter));
    assert_eq!(ids(&[&many.join(",")]), Err(Code::InvalidFilter));
}

#[test]
fn filters_that_differ_have_other_cursors() {
    let id = |text: &str| text.parse().unwrap();
    let filters = [
        AccountFilter::default(),
        AccountFilter {
            endpoints: vec![id("ep_0000000000000000")],
            ..AccountFilter::default()
        },
        AccountFilter {
            canceled: true,
            ..AccountFilter::default()
        },
        AccountFilter {
            statuses: vec![ListStatus::Pending],
            ..AccountFilter::default()
        },
        AccountFilter {
            chatbot: Some("a".to_owned()),
            ..AccountFilter::default()
        },
        AccountFilter {
            chatbot: Some("a\"|".to_owned()),
            ..AccountFilter::default()
        },
        AccountFilter {
            event: Some("a".to_owned()),
            ..AccountFilter::default()
        },
    ];
    let texts: std::collections::BTreeSet<_> = filters.iter().map(text).collect();
    assert_eq!(texts.len(), filters.len(), "{texts:?}");
}
