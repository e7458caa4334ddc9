//! The body of an answer: taken out of what has come, and told from one that was cut short.

use bytes::{Buf as _, Bytes, BytesMut};

use super::head::Nonsense;

/// The longest line of a chunked body, in bytes, and how many bytes of such lines are taken besides the sizes of chunks.
const MAX_LINE: usize = 4 << 10;
const MAX_EXTRAS: usize = 64 << 10;

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transport) enum Framing {
    /// After this many bytes.
    Length(u64),
    /// After the chunk that says so.
    Chunked,
    /// Where the connection ends.
    UntilEnd,
}

/// A body that is being read.
#[derive(Debug)]
pub(in crate::transport) struct Body {
    at: At,
    /// How many bytes of trailers and extensions of chunks may still come.
    extras: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// This many bytes, and no more.
    Rest(u64),
    /// All that comes.
    UntilEnd,
    /// The line with the size of a chunk.
    Size,
    /// This many bytes of a chunk.
    Chunk(u64),
    /// The end of the line behind a chunk.
    EndOfChunk,
    /// The lines behind the last chunk.
    Trailer,
}

/// What is next of a body.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::transport) enum Next {
    /// These bytes.
    Part(Bytes),
    /// Nothing before more has come.
    Wanting,
    /// Its end.
    End,
}

impl Body {
    pub(in crate::transport) const fn new(framing: Framing) -> Self {
        let at = match framing {
            Framing::Length(length) => At::Rest(length),
            Framing::Chunked => At::Size,
            Framing::UntilEnd => At::UntilEnd,
        };
        Self {
            at,
            extras: MAX_EXTRAS,
        }
    }

    /// Whether the body is complete if the connection ends here.
    pub(in crate::transport) fn may_end(&self) -> bool {
        matches!(self.at, At::UntilEnd | At::Rest(0))
    }

    /// Takes the next part out of what has come.
    pub(in crate::transport) fn next(&mut self, buffer: &mut BytesMut) -> Result<Next, Nonsense> {
        loop {
            match self.at {
                At::Rest(0) => return Ok(Next::End),
                _ if buffer.is_empty() => return Ok(Next::Wanting),
                At::Rest(left) => {
                    let part = take(buffer, left);
                    self.at = At::Rest(left - part.len() as u64);
                    return Ok(Next::Part(part));
                }
                At::UntilEnd => return Ok(Next::Part(buffer.split().freeze())),
                At::Chunk(0) => self.at = At::EndOfChunk,
                At::Chunk(left) => {
                    let part = take(buffer, left);
                    self.at = At::Chunk(left - part.len() as u64);
                    return Ok(Next::Part(part));
                }
                At::Size | At::EndOfChunk | At::Trailer => {
                    let Some(line) = line(buffer)? else {
                        return Ok(Next::Wanting);
                    };
                    self.at = self.after(&line)?;
                }
            }
        }
    }

    /// What comes after a line.
    fn after(&mut self, line: &[u8]) -> Result<At, Nonsense> {
        match self.at {
            At::EndOfChunk if line.is_empty() => Ok(At::Size),
            At::EndOfChunk => Err("a chunk that is longer than it says"),
            At::Size => {
                let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                self.spend(line.len() - digits)?;
                match size(&line[..digits], &line[digits..]).ok_or("a chunk without its size")? {
                    0 => Ok(At::Trailer),
                    size => Ok(At::Chunk(size)),
                }
            }
            _ if line.is_empty() => Ok(At::Rest(0)),
            _ => {
                self.spend(line.len())?;
                Ok(At::Trailer)
            }
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Nonsense> {
        self.extras = self
            .extras
            .checked_sub(bytes)
            .ok_or("too much around the chunks of its body")?;
        Ok(())
    }
}

/// The size of a chunk. Behind it may be spaces, and extensions that mean nothing to us.
fn size(digits: &[u8], behind: &[u8]) -> Option<u64> {
    let is_clean = matches!(behind.trim_ascii_start().first(), None | Some(b';'));
    let digits = str::from_utf8(digits).ok().filter(|_| is_clean)?;
    u64::from_str_radix(digits, 16).ok()
}

/// Takes at most this many bytes.
fn take(buffer: &mut BytesMut, most: u64) -> Bytes {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    buffer.split_to(buffer.len().min(most)).freeze()
}

/// Takes a line, once it is complete, without its end.
fn line(buffer: &mut BytesMut) -> Result<Option<Bytes>, Nonsense> {
    let end = buffer.iter().take(MAX_LINE).position(|byte| *byte == b'\n');
    let Some(end) = end else {
        return if buffer.len() < MAX_LINE {
            Ok(None)
        } else {
            Err("a line without end in its body")
        };
    };
    let line = buffer.split_to(end).freeze();
    buffer.advance(1);
    Ok(Some(match line.strip_suffix(b"\r") {
        Some(shorter) => line.slice_ref(shorter),
        None => line,
    }))
}

#[cfg(test)]
mod tests;
