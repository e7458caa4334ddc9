//! Where requests and answers end in the bytes between a client and Redis.
//!
//! Bytes of another protocol aren't split: each piece that was read counts as one request or one answer.

/// Splits bytes into whole values of the Redis protocol.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// Another protocol: every piece is a frame.
    plain: bool,
}

impl Frames {
    /// Adds bytes that were read.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next whole frame; `None` if the rest of it hasn't come yet.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        if self.buffer.is_empty() {
            return None;
        }
        let length = match (self.plain, value(&self.buffer)) {
            (true, _) | (_, Value::Foreign) => {
                self.plain = true;
                self.buffer.len()
            }
            (_, Value::Partial) => return None,
            (_, Value::Whole(length)) => length,
        };
        let rest = self.buffer.split_off(length);
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    /// Whether a part of the next frame has come.
    pub(super) fn has_begun(&self) -> bool {
        !self.buffer.is_empty()
    }
}

/// What stands at the front of the buffer.
enum Value {
    Whole(usize),
    Partial,
    Foreign,
}

/// Whether the bytes begin with a whole value, however deep.
fn value(bytes: &[u8]) -> Value {
    let mut at = 0;
    let mut wanted = 1_usize;
    while wanted > 0 {
        let Some(kind) = bytes.get(at) else {
            return Value::Partial;
        };
        if !b"+-:$*%~>_#,(=!|".contains(kind) {
            return Value::Foreign;
        }
        let Some(end) = bytes[at..].windows(2).position(|two| two == b"\r\n") else {
            return Value::Partial;
        };
        let number = std::str::from_utf8(&bytes[at + 1..at + end])
            .ok()
            .and_then(|text| text.parse::<i64>().ok());
        at += end + 2;
        wanted -= 1;
        let count = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
        match kind {
            b'$' | b'=' | b'!' if number.is_some_and(|number| number >= 0) => at += count + 2,
            b'*' | b'~' | b'>' => wanted += count,
            b'%' | b'|' => wanted += 2 * count,
            _ => {}
        }
        if at > bytes.len() {
            return Value::Partial;
        }
    }
    Value::Whole(at)
}

/// The name of a request's command, in capitals.
pub(super) fn command(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(&request[..request.len().min(64)]);
    text.split("\r\n").nth(2).unwrap_or_default().to_uppercase()
}

#[cfg(test)]
mod tests;
