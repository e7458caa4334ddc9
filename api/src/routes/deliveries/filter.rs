//! The filters of a listing: read strictly, so that no mistake looks like "nothing was delivered".

use std::fmt::Write as _;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::event::{AccountEvent, EventType};
use poem_openapi::param::Query;
use store::log::{ListFilter, ListStatus};

use super::super::fields;
use super::super::schema::{DateTime, DeliveredEvent, ListedStatus, PageLimit};
use crate::problem::{Code, Problem};

/// How many deliveries a page has unless asked otherwise.
const DEFAULT_LIMIT: usize = 50;

/// The most that a page may have.
const MAX_LIMIT: usize = 100;

/// What a listing may be asked with.
const NAMES: [&str; 6] = ["status", "event", "since", "until", "cursor", "limit"];

/// Refuses a query with anything else, or with something twice.
pub(super) fn only_known(query: &str) -> Result<(), Problem> {
    let mut seen: Vec<String> = Vec::new();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        let name: String = name
            .chars()
            .filter(|character| !character.is_control())
            .take(64)
            .collect();
        if !NAMES.contains(&name.as_str()) {
            let detail = format!(
                "There is no parameter `{name}`. The parameters are {}.",
                NAMES.join(", ")
            );
            return Err(Problem::new(Code::InvalidFilter).detail(detail).field(name));
        }
        if seen.contains(&name) {
            let detail = format!("Give `{name}` once.");
            return Err(Problem::new(Code::InvalidFilter).detail(detail).field(name));
        }
        seen.push(name);
    }
    Ok(())
}

/// The state to list.
pub(super) fn status(given: Query<Option<ListedStatus>>) -> Result<Option<ListStatus>, Problem> {
    let Some(ListedStatus(name)) = given.0 else {
        return Ok(None);
    };
    let known = ListStatus::ALL
        .into_iter()
        .find(|status| status.state().as_str() == name);
    known.map(Some).ok_or_else(|| {
        let names = ListStatus::ALL.map(|status| status.state().as_str()).join(", ");
        let detail = if name == DeliveryState::Canceled.as_str() {
            format!(
                "Canceled deliveries can't be listed: only their number is kept, in the log. The states are {names}."
            )
        } else {
            format!("The states that can be listed are {names}.")
        };
        Problem::new(Code::InvalidFilter).detail(detail).field("status")
    })
}

/// The type of event to list.
pub(super) fn event(given: Query<Option<DeliveredEvent>>) -> Result<Option<String>, Problem> {
    let Some(DeliveredEvent(name)) = given.0 else {
        return Ok(None);
    };
    if EventType::from_name(&name).is_some() || AccountEvent::from_name(&name).is_some() {
        return Ok(Some(name));
    }
    let names = EventType::ALL
        .iter()
        .map(|kind| kind.as_str())
        .chain(AccountEvent::ALL.iter().map(|kind| kind.as_str()))
        .collect::<Vec<_>>();
    Err(Problem::new(Code::InvalidFilter)
        .detail(format!("The event types are {}.", names.join(", ")))
        .field("event"))
}

/// A time span: from `since` on, before `until`.
pub(super) fn span(
    since: Query<Option<DateTime>>,
    until: Query<Option<DateTime>>,
) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let time = |given: Query<Option<DateTime>>, field| {
        given
            .0
            .map(|DateTime(text)| fields::timestamp(&text, field))
            .transpose()
    };
    let (since, until) = (time(since, "since")?, time(until, "until")?);
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Problem::new(Code::InvalidSpan).field("since"));
    }
    Ok((since, until))
}

/// How many deliveries a page may have.
pub(super) fn limit(given: Query<Option<PageLimit>>) -> Result<usize, Problem> {
    let Some(PageLimit(text)) = given.0 else {
        return Ok(DEFAULT_LIMIT);
    };
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            Problem::new(Code::InvalidFilter)
                .detail(format!("Give a whole number from 1 to {MAX_LIMIT}."))
                .field("limit")
        })
}

/// The filter as a text that is the same for the same filter, whatever was written: cursors are good for it alone.
pub(super) fn text(filter: &ListFilter) -> String {
    let mut text = format!(
        "{}|{}",
        filter.status.map_or("", |status| status.state().as_str()),
        filter.event.as_deref().unwrap_or_default(),
    );
    for time in [filter.since, filter.until] {
        text.push('|');
        if let Some(time) = time {
            // Writing to a string doesn't fail.
            write!(text, "{}", time.as_millis()).ok();
        }
    }
    text
}

#[cfg(test)]
mod tests {
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
                event(given(known, DeliveredEvent)).unwrap().as_deref(),
                Some(known)
            );
        }
        for bad in ["", "*", "lead.lost"] {
            let (code, field, detail) = refusal(event(given(bad, DeliveredEvent)));
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
}
