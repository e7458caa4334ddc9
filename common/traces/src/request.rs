//! Spans as receivers take them: `ExportTraceServiceRequest` of `opentelemetry-proto`.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::span::{Span, Value};
use crate::wire::Message;

/// What `status.code` says of a failure.
const ERROR: u64 = 2;

/// Who made the spans.
const SCOPE: &str = "webhooks";

/// The trace is recorded.
const SAMPLED: u32 = 1;

/// The message for a batch of spans of a program of which `resource` is told.
pub(crate) fn encode(resource: &[(String, String)], spans: &[Span]) -> Vec<u8> {
    let mut request = Message::default();
    request.message(1, |of_program| {
        of_program.message(1, |told| {
            for (name, value) in resource {
                told.message(1, |pair| {
                    attribute(pair, name, &Value::Text(value.clone().into()))
                });
            }
        });
        of_program.message(2, |of_scope| {
            of_scope.message(1, |scope| scope.text(1, SCOPE));
            for span in spans {
                of_scope.message(2, |message| write(message, span));
            }
        });
    });
    request.finish()
}

fn write(message: &mut Message, span: &Span) {
    message.bytes(1, span.trace.as_bytes());
    message.bytes(2, span.id.as_bytes());
    if let Some(parent) = &span.parent {
        message.bytes(4, parent.as_bytes());
    }
    message.text(5, span.name);
    message.number(6, span.kind as u64);
    let (began, ended) = (nanos(span.began), nanos(span.ended));
    // Clocks of two machines may disagree: nothing ends before it began.
    message.fixed64(7, began.min(ended));
    message.fixed64(8, ended);
    for (name, value) in &span.attributes {
        message.message(9, |pair| attribute(pair, name, value));
    }
    if let Some(failure) = &span.failure {
        message.message(15, |status| {
            status.text(2, failure);
            status.number(3, ERROR);
        });
    }
    message.fixed32(16, SAMPLED);
}

fn attribute(pair: &mut Message, name: &str, value: &Value) {
    pair.text(1, name);
    pair.message(2, |any| match value {
        Value::Text(text) => any.chosen_text(1, text),
        Value::Number(number) => any.choice(3, number.cast_unsigned()),
    });
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
