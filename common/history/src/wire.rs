//! Numbers and texts as bytes.

use crate::limits::Corrupt;

/// The most bytes that a number takes: seven bits in each.
const MOST_BYTES: u32 = 10;

/// Adds a number, in as few bytes as it needs.
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Adds how far `to` is from `from`, in either direction.
pub(crate) fn put_distance(out: &mut Vec<u8>, from: u64, to: u64) {
    let distance = to.wrapping_sub(from).cast_signed();
    put_number(out, ((distance << 1) ^ (distance >> 63)).cast_unsigned());
}

/// Adds a text behind its length.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// Bytes that are read from front to back.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Corrupt> {
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(Corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Corrupt> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Corrupt> {
        let mut number = 0;
        for at in 0..MOST_BYTES {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Corrupt("a number is too long"))
    }

    /// What lies so far from `from`.
    pub(crate) fn distance(&mut self, from: u64) -> Result<u64, Corrupt> {
        let number = self.number()?;
        let distance = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        Ok(from.wrapping_add(distance.cast_unsigned()))
    }

    /// A number that has to fit.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Corrupt> {
        T::try_from(self.number()?).map_err(|_| Corrupt("a number is too large"))
    }

    /// How many there are of something of which each takes a byte at least, here or elsewhere.
    pub(crate) fn count(&mut self, most: usize) -> Result<usize, Corrupt> {
        let count = self.small()?;
        if count > most {
            return Err(Corrupt("there is too much in it"));
        }
        Ok(count)
    }

    pub(crate) fn text(&mut self) -> Result<&'a [u8], Corrupt> {
        let length = self.small()?;
        self.bytes(length)
    }

    pub(crate) fn string(&mut self) -> Result<&'a str, Corrupt> {
        str::from_utf8(self.text()?).map_err(|_| Corrupt("a text is not UTF-8"))
    }

    /// All that is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
