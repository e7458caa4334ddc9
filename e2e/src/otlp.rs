//! What a receiver of traces gets: `ExportTraceServiceRequest` of `opentelemetry-proto`, read by the numbers that its fields have there.

use std::collections::BTreeMap;

use crate::receiver::Received;

/// A span, with what is told of its program.
#[derive(Debug, Clone)]
pub struct Span {
    /// `service.name` of the program.
    pub service: String,
    /// The trace, in hexadecimal digits.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The id of the span that caused it; empty if none did.
    pub parent: String,
    /// What was done.
    pub name: String,
    /// 1: internal, 2: server, 3: client.
    pub kind: u64,
    /// When it began and ended (ns).
    pub time: (u64, u64),
    /// Its attributes, as texts.
    pub attributes: BTreeMap<String, String>,
    /// What its status says of a failure, if it has one.
    pub failure: Option<String>,
}

/// All spans that were posted in these requests.
///
/// # Panics
///
/// When a request isn't what it should be.
#[must_use]
pub fn spans<'a>(posted: impl IntoIterator<Item = &'a Received>) -> Vec<Span> {
    let mut spans = Vec::new();
    for request in posted {
        assert_eq!(request.method, "POST");
        assert_eq!(request.expect_header("content-type"), "application/x-protobuf");
        for of_program in Message::read(&request.body).messages(1) {
            let told = of_program.messages(1).remove(0);
            let resource = attributes(&told.messages(1));
            for of_scope in of_program.messages(2) {
                let service = resource.get("service.name").cloned().unwrap_or_default();
                spans.extend(of_scope.messages(2).iter().map(|span| read(&service, span)));
            }
        }
    }
    spans
}

fn read(service: &str, span: &Message) -> Span {
    let status = span.messages(15).pop();
    Span {
        service: service.to_owned(),
        trace: hex::encode(span.bytes(1)),
        id: hex::encode(span.bytes(2)),
        parent: hex::encode(span.bytes(4)),
        name: span.text(5),
        kind: span.number(6),
        time: (span.number(7), span.number(8)),
        attributes: attributes(&span.messages(9)),
        failure: status.map(|status| {
            assert_eq!(status.number(3), 2, "STATUS_CODE_ERROR");
            status.text(2)
        }),
    }
}

fn attributes(pairs: &[Message]) -> BTreeMap<String, String> {
    let read = |pair: &Message| {
        let any = pair.messages(2).remove(0);
        let is_text = any.0.iter().any(|(field, _)| *field == 1);
        let value = if is_text {
            any.text(1)
        } else {
            any.number(3).to_string()
        };
        (pair.text(1), value)
    };
    pairs.iter().map(read).collect()
}

/// A protobuf message: its fields, in order.
#[derive(Debug)]
struct Message(Vec<(u64, Value)>);

#[derive(Debug)]
enum Value {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Message {
    fn read(mut bytes: &[u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let value = match key & 7 {
                0 => Value::Number(varint(&mut bytes)),
                1 => Value::Number(u64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    Value::Bytes(take(&mut bytes, length).to_vec())
                }
                5 => Value::Number(u32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap()).into()),
                kind => panic!("protobuf has no kind {kind}"),
            };
            fields.push((key >> 3, value));
        }
        Self(fields)
    }

    fn messages(&self, field: u64) -> Vec<Self> {
        let found = self.0.iter().filter(|(number, _)| *number == field);
        let read = found.map(|(_, value)| match value {
            Value::Bytes(bytes) => Self::read(bytes),
            Value::Number(_) => panic!("field {field} is no message"),
        });
        read.collect()
    }

    fn bytes(&self, field: u64) -> &[u8] {
        match self.0.iter().find(|(number, _)| *number == field) {
            Some((_, Value::Bytes(bytes))) => bytes,
            Some(_) => panic!("field {field} has no bytes"),
            None => &[],
        }
    }

    fn text(&self, field: u64) -> String {
        String::from_utf8(self.bytes(field).to_vec()).unwrap()
    }

    fn number(&self, field: u64) -> u64 {
        match self.0.iter().find(|(number, _)| *number == field) {
            Some((_, Value::Number(number))) => *number,
            Some(_) => panic!("field {field} is no number"),
            None => 0,
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}
