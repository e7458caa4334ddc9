//! The fields of a protobuf message, as far as spans have them. A value that is the default of its field is left out, as the format
//! wants it.

/// A message that is being written.
#[derive(Debug, Default)]
pub(crate) struct Message(Vec<u8>);

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const BYTES: u8 = 2;
const FIXED32: u8 = 5;

impl Message {
    pub(crate) fn bytes(&mut self, field: u8, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.length_and(field, bytes);
        }
    }

    pub(crate) fn text(&mut self, field: u8, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    pub(crate) fn number(&mut self, field: u8, number: u64) {
        if number != 0 {
            self.choice(field, number);
        }
    }

    /// A number that one of several fields has: it is there even if it is 0.
    pub(crate) fn choice(&mut self, field: u8, number: u64) {
        self.key(field, VARINT);
        self.varint(number);
    }

    /// A text that one of several fields has.
    pub(crate) fn chosen_text(&mut self, field: u8, text: &str) {
        self.length_and(field, text.as_bytes());
    }

    pub(crate) fn fixed64(&mut self, field: u8, number: u64) {
        self.key(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn fixed32(&mut self, field: u8, number: u32) {
        self.key(field, FIXED32);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A message within this one, even if it is empty.
    pub(crate) fn message(&mut self, field: u8, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.length_and(field, &inner.0);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn length_and(&mut self, field: u8, bytes: &[u8]) {
        self.key(field, BYTES);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn key(&mut self, field: u8, kind: u8) {
        self.varint(u64::from(field) << 3 | u64::from(kind));
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

#[cfg(test)]
mod tests;
