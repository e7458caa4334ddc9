use super::*;

fn refusal<T: std::fmt::Debug>(result: Result<T, Problem>) -> (Code, String, String) {
    let problem = result.unwrap_err();
    let body = serde_json::to_value(problem.body()).unwrap();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (problem.code(), text("field"), text("detail"))
}

fn given<T>(text: &str, wrap: impl FnOnce(String) -> T) -> Query<Option<T>> {
    Query(Some(wrap(text.to_owned())))
}

#[test]
fn a_query_has_known_names_each_once() {
    for good in [
        "",
        "status=pending&limit=1",
        "since=a&until=b&cursor=c&event=d",
        "%73tatus=pending",
    ] {
        assert!(only_known(good).is_ok(), "{good}");
    }
    for (bad, name) in [
        ("state=pending", "state"),
        ("status=pending&Limit=1", "Limit"),
        ("status=pending&status=parked", "status"),
        ("status[]=pending", "status[]"),
        ("=1", ""),
    ] {
        let (code, field, _) = refusal(only_known(bad));
        assert_eq!((code, field.as_str()), (Code::InvalidFilter, name), "{bad}");
    }
    let (_, field, _) = refusal(only_known(&"x".repeat(1000)));
    assert_eq!(field.len(), 64);
}

#[test]
fn states_and_types_are_known_names() {
    assert_eq!(status(Query(None)).unwrap(), None);
    for known in ListStatus::ALL {
        let name = known.state().as_str();
        assert_eq!(status(given(name, ListedStatus)).unwrap(), Some(known));
    }
    for bad in ["", "failed", "Pending", "canceled", "in-flight"] {
        let (code, field, detail) = refusal(status(given(bad, ListedStatus)));
        assert_eq!((code, field.as_str()), (Code::InvalidFilter, "status"));
        assert!(
            detail.contains("in_flight") && detail.contains("exhausted"),
            "{detail}"
        );
        assert_eq!(
            detail.contains("only their number"),
            bad == "canceled",
            "{detail}"
        );
    }
    for known in ["lead.captured", "handoff.returned", "endpoint.disabled"] {
        assert_eq!(
            event(given(known, DeliveredEvent), &Catalog::default())
                .unwrap()
                .as_deref(),
            Some(known)
        );
    }
    for bad in ["", "*", "lead.lost"] {
        let (code, field, detail) = refusal(event(given(bad, DeliveredEvent), &Catalog::default()));
        assert_eq!((code, field.as_str()), (Code::InvalidFilter, "event"));
        assert!(
            detail.contains("lead.captured") && detail.contains("delivery.exhausted"),
            "{detail}"
        );
    }
}

#[test]
fn a_span_begins_before_it_ends() {
    let (early, late) = ("2026-03-26T15:30:00+01:00", "2026-03-26T15:30:00Z");
    let time = |text: &str| given(text, DateTime);
    assert_eq!(span(Query(None), Query(None)).unwrap(), (None, None));
    assert!(span(time(early), time(late)).is_ok() && span(time(late), Query(None)).is_ok());
    for (since, until) in [(late, early), (late, late), (early, early)] {
        let (code, field, _) = refusal(span(time(since), time(until)));
        assert_eq!((code, field.as_str()), (Code::InvalidSpan, "since"));
    }
    let (code, field, _) = refusal(span(time("yesterday"), time(late)));
    assert_eq!((code, field.as_str()), (Code::InvalidTimestamp, "since"));
    let (code, field, _) = refusal(span(time(early), time("")));
    assert_eq!((code, field.as_str()), (Code::InvalidTimestamp, "until"));
}

#[test]
fn a_limit_is_a_number_from_1_to_100() {
    assert_eq!(limit(Query(None)).unwrap(), 50);
    for (text, number) in [("1", 1), ("100", 100), ("007", 7)] {
        assert_eq!(limit(given(text, PageLimit)).unwrap(), number);
    }
    for bad in ["", "0", "101", "-1", "1.5", "ten", "99999999999999999999"] {
        let (code, field, _) = refusal(limit(given(bad, PageLimit)));
        assert_eq!((code, field.as_str()), (Code::InvalidFilter, "limit"), "{bad}");
    }
}

#[test]
fn the_text_of_a_filter_differs_when_the_filter_does() {
    let time = |ms| Timestamp::from_millis(ms);
    let filters = [
        ListFilter::default(),
        ListFilter {
            status: Some(ListStatus::Pending),
            ..ListFilter::default()
        },
        ListFilter {
            event: Some("lead.captured".to_owned()),
            ..ListFilter::default()
        },
        ListFilter {
            since: time(1),
            ..ListFilter::default()
        },
        ListFilter {
            until: time(1),
            ..ListFilter::default()
        },
        ListFilter {
            since: time(1),
            until: time(11),
            ..ListFilter::default()
        },
        ListFilter {
            since: time(11),
            until: time(1),
            ..ListFilter::default()
        },
    ];
    let mut texts: Vec<_> = filters.iter().map(text).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), filters.len(), "{texts:?}");
}
