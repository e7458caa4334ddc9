use super::*;

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn events_are_written_as_the_standard_wants_them() {
    let id: EntryId = "1790000000000-3".parse().unwrap();
    let endpoint: EndpointId = "ep_7zq3k9m2x4t8w1v5".parse().unwrap();
    let state = LogContent::State {
        state: "off".to_owned(),
        reason: "two\nlines: \u{2028}".to_owned(),
    };
    assert_eq!(
        text(&entry(LogEntry { id, content: state }, &endpoint, "abc")),
        "event: state\nid: abc\ndata: {\"at\":\"2026-09-21T14:13:20.000Z\",\"endpointId\":\"ep_7zq3k9m2x4t8w1v5\",\"state\":\"off\",\"reason\":\"two\\nlines: \u{2028}\"}\n\n"
    );
    let canceled = LogContent::Canceled { count: 7 };
    assert_eq!(
        text(&entry(
            LogEntry {
                id,
                content: canceled
            },
            &endpoint,
            "abc"
        )),
        "event: canceled\nid: abc\ndata: {\"at\":\"2026-09-21T14:13:20.000Z\",\"endpointId\":\"ep_7zq3k9m2x4t8w1v5\",\"count\":7}\n\n"
    );
    assert_eq!(
        text(&gap(id)),
        "event: gap\ndata: {\"resumedAt\":\"2026-09-21T14:13:20.000Z\"}\n\n"
    );
    assert_eq!(
        text(&end(EndReason::TokenExpired)),
        "event: end\ndata: {\"reason\":\"token_expired\"}\n\n"
    );
    assert_eq!(
        text(&beginning("abc", id, None)),
        "retry: 2000\nevent: start\nid: abc\ndata: {\"after\":\"2026-09-21T14:13:20.000Z\"}\n\n"
    );
    assert_eq!(
        text(&beginning("abc", EntryId::default(), Some(id))),
        "retry: 2000\nevent: gap\nid: abc\ndata: {\"resumedAt\":\"2026-09-21T14:13:20.000Z\"}\n\n"
    );
    assert_eq!(text(&heartbeat()), ": still here\n");
}
