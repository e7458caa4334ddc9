use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_header_is_read_and_written() {
    let context = TraceContext::parse(EXAMPLE).unwrap();
    assert_eq!(context.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(context.parent.to_string(), "00f067aa0ba902b7");
    assert!(context.is_sampled);
    assert_eq!(context.to_string(), EXAMPLE);
    let unsampled = EXAMPLE.replace("-01", "-00");
    assert_eq!(TraceContext::parse(&unsampled).unwrap().to_string(), unsampled);
}

#[test]
fn flags_that_nobody_knows_are_not_handed_on() {
    for (flags, written) in [("ff", "01"), ("fe", "00"), ("03", "01"), ("02", "00")] {
        let context = TraceContext::parse(&EXAMPLE.replace("-01", &format!("-{flags}"))).unwrap();
        assert_eq!(
            context.to_string(),
            EXAMPLE.replace("-01", &format!("-{written}"))
        );
    }
}

#[test]
fn of_later_versions_the_known_part_is_read() {
    for text in [
        EXAMPLE.replacen("00", "cc", 1),
        format!("{}-what-comes", EXAMPLE.replacen("00", "01", 1)),
        format!("{}-", EXAMPLE.replacen("00", "01", 1)),
    ] {
        assert_eq!(TraceContext::parse(&text).unwrap().to_string(), EXAMPLE, "{text}");
    }
}

#[test]
fn what_is_no_header_is_none() {
    for text in [
        String::new(),
        EXAMPLE[..54].to_owned(),
        format!("{EXAMPLE}-"),
        format!("{EXAMPLE}0"),
        format!(" {EXAMPLE}"),
        EXAMPLE.to_uppercase(),
        EXAMPLE.replacen("00", "ff", 1),
        format!("{}.", EXAMPLE.replacen("00", "01", 1)),
        EXAMPLE.replace("00f067aa0ba902b7", "0000000000000000"),
        EXAMPLE.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        EXAMPLE.replace("-01", "-0x"),
        EXAMPLE.replace('-', "_"),
        EXAMPLE.replace("4bf92", "4bf9ü"),
    ] {
        assert_eq!(TraceContext::parse(&text), None, "{text}");
    }
}

#[test]
fn a_trace_is_stored_with_whether_it_is_told() {
    let context = TraceContext::parse(EXAMPLE).unwrap();
    for is_told in [true, false] {
        let trace = CarriedTrace { context, is_told };
        assert_eq!(trace.to_string().parse(), Ok(trace));
    }
    let told = CarriedTrace {
        context,
        is_told: true,
    };
    assert_eq!(told.to_string(), EXAMPLE);
    assert_eq!("--".parse::<CarriedTrace>(), Err(InvalidTrace));
}

#[test]
fn new_parts_differ_and_keep_the_trace() {
    let context = TraceContext::parse(EXAMPLE).unwrap();
    let (one, other) = (context.within(SpanId::random()), context.within(SpanId::random()));
    assert_ne!(one.parent, other.parent);
    assert_eq!((one.trace, one.is_sampled), (context.trace, true));
    assert_ne!(TraceId::random(), TraceId::random());
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_as_a_header(text in "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?|.{0,80}") {
        if let Some(context) = TraceContext::parse(&text) {
            let written = context.to_string();
            prop_assert_eq!(written.len(), LENGTH);
            prop_assert_eq!(TraceContext::parse(&written), Some(context));
        }
    }
}
