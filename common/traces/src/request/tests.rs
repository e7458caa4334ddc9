use std::time::Duration;

use domain::trace::TraceContext;

use super::*;
use crate::span::Kind;

/// Two spans, as `opentelemetry-proto` (for Python, 1.45.2) reads and writes them, byte for byte.
const WRITTEN: &str = "\
    0ac8020a2e0a1e0a0c736572766963652e6e616d65120e0a0c776562686f6f6b732d6170690a0c0a047465616d12040a\
    02c3bc1295020a0a0a08776562686f6f6b7312c8010a104bf92f3577b34da6a3ce929d0e0e4736120800f067aa0ba902\
    b7220800f067aa0ba902b72a07617474656d707430033901b0138fd16da018410015e1acd16da0184a1d0a1368747470\
    2e726571756573742e6d6574686f6412060a04504f53544a200a19687474702e726573706f6e73652e7374617475735f\
    636f6465120318f4034a1e0a0f776562686f6f6b732e776169746564120b18ffffffffffffffffff014a0b0a05656d70\
    747912020a007a0f120b687474705f7374617475731802850101000000123c0a104bf92f3577b34da6a3ce929d0e0e47\
    36120800f067aa0ba902b72a04707573683002390015e1acd16da018410015e1acd16da018850101000000";

#[test]
fn spans_are_written_as_the_official_definitions_write_them() {
    let place = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    let at = |nanos| UNIX_EPOCH + Duration::from_nanos(nanos);
    let failed = Span {
        trace: place.trace,
        id: place.parent,
        parent: Some(place.parent),
        name: "attempt",
        kind: Kind::Client,
        began: at(1_774_539_000_000_000_001),
        ended: at(1_774_539_000_500_000_000),
        attributes: vec![
            ("http.request.method", "POST".into()),
            ("http.response.status_code", 500_u16.into()),
            ("webhooks.waited", Value::Number(-1)),
            ("empty", "".into()),
        ],
        failure: Some("http_status".into()),
    };
    let begun = Span {
        parent: None,
        name: "push",
        kind: Kind::Server,
        // A clock that was set back.
        began: at(1_774_539_000_500_000_001),
        attributes: Vec::new(),
        failure: None,
        ..failed.clone()
    };
    let resource = [("service.name", "webhooks-api"), ("team", "ü")];
    let resource = resource.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let written = encode(&resource, &[failed, begun]);
    assert_eq!(hex::encode(written), WRITTEN);
}
