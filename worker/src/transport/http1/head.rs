//! The head of an answer: its status, its header fields, where its body ends, and for how long the connection is kept.

use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use reqwest::StatusCode;
use reqwest::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};

use super::body::{Framing, Nonsense};
use super::fields::AnswerFields;

/// The longest head, in bytes. It may have as many fields as fit.
const MAX_HEAD: usize = 64 << 10;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    /// The status.
    pub(crate) status: StatusCode,
    /// The header fields that are well-formed.
    pub(crate) headers: AnswerFields,
    /// Where the body ends.
    pub(in crate::transport) framing: Framing,
    /// Whether the receiver keeps the connection, and for how long at least, if it says so.
    pub(in crate::transport) keeps: Keeps,
}

/// What a receiver does with the connection after its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transport) enum Keeps {
    /// It closes it.
    No,
    /// It keeps it open, for how long is unknown.
    Open,
    /// It keeps it for this long (`Keep-Alive: timeout=…`).
    For(Duration),
}

/// Takes heads out of what has come.
#[derive(Debug, Default)]
pub(in crate::transport) struct Heads {
    /// How much of the buffer was searched for the end of the head in vain.
    searched: usize,
}

impl Heads {
    /// The head of the answer, once it is complete. Heads with a status of 1xx come before it, and are taken out.
    pub(in crate::transport) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Head>, Nonsense> {
        loop {
            let blank = buffer.iter().take_while(|byte| is_line_break(**byte)).count();
            if self.searched == 0 {
                buffer.advance(blank);
            }
            let start = &buffer[..buffer.len().min(5)];
            if !b"HTTP/".starts_with(start) {
                return Err("no answer in HTTP/1");
            }
            let Some(end) = end_of_head(buffer, self.searched) else {
                self.searched = buffer.len();
                return if buffer.len() > MAX_HEAD {
                    Err("a head of more than 64 KiB")
                } else {
                    Ok(None)
                };
            };
            self.searched = 0;
            if end > MAX_HEAD {
                return Err("a head of more than 64 KiB");
            }
            let head = read(&buffer.split_to(end).freeze())?;
            let is_interim = head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS;
            if !is_interim {
                return Ok(Some(head));
            }
        }
    }
}

/// Where the head ends: behind an empty line. Lines end with `\n`, mostly with `\r` before it.
fn end_of_head(buffer: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(2);
    let mut at = from;
    while let Some(next) = buffer[at..].iter().position(|byte| *byte == b'\n') {
        at += next + 1;
        match &buffer[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

const fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Reads a complete head.
fn read(head: &Bytes) -> Result<Head, Nonsense> {
    let mut lines = head.split(|byte| *byte == b'\n').map(without_return);
    let (status, is_newest) = status(lines.next().unwrap_or_default()).ok_or("no status of HTTP/1")?;
    let headers = fields(head, lines);
    Ok(Head {
        status,
        framing: framing(status, &headers)?,
        keeps: keeps(is_newest, &headers),
        headers,
    })
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The status, and whether the version is HTTP/1.1 (or says that it is newer).
fn status(line: &[u8]) -> Option<(StatusCode, bool)> {
    let version = line.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = version
        .split_first()
        .filter(|(minor, _)| minor.is_ascii_digit())?;
    let code = rest.strip_prefix(b" ")?.trim_ascii_start();
    let ends = code.get(3).is_none_or(|next| *next == b' ' || *next == b'\t');
    let status = StatusCode::from_bytes(code.get(..3)?).ok().filter(|_| ends)?;
    Some((status, *minor != b'0'))
}

/// The fields of these lines that are well-formed. One is odd that has no colon, or a character that may not be in a name
/// or in a value; it is left out, with the lines that it goes on in. Spaces before the colon are overlooked, and a value
/// that is folded becomes one line.
fn fields<'a>(head: &Bytes, lines: impl Iterator<Item = &'a [u8]>) -> AnswerFields {
    let mut headers = AnswerFields::with_room();
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        let mut folded = None;
        while let Some(more) = lines.next_if(|next| matches!(next.first(), Some(b' ' | b'\t'))) {
            let whole: &mut Vec<u8> = folded.get_or_insert_with(|| line.to_vec());
            whole.push(b' ');
            whole.extend_from_slice(more.trim_ascii());
        }
        let field = match folded {
            None => field(line, |value| head.slice_ref(value)),
            Some(whole) => field(&whole, Bytes::copy_from_slice),
        };
        if let Some((name, value)) = field {
            headers.append(name, value);
        }
    }
    headers
}

fn field(line: &[u8], bytes: impl Fn(&[u8]) -> Bytes) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(line[..colon].trim_ascii_end()).ok()?;
    let value = HeaderValue::from_maybe_shared(bytes(line[colon + 1..].trim_ascii())).ok()?;
    Some((name, value))
}

/// Where the body ends (RFC 9112, section 6.3).
fn framing(status: StatusCode, headers: &AnswerFields) -> Result<Framing, Nonsense> {
    if status.is_informational() || matches!(status.as_u16(), 204 | 304) {
        return Ok(Framing::Length(0));
    }
    let mut codings =
        words(headers, &TRANSFER_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    if let Some(last) = codings.by_ref().last() {
        let is_chunked = last.eq_ignore_ascii_case(b"chunked");
        return Ok(if is_chunked {
            Framing::Chunked
        } else {
            Framing::UntilEnd
        });
    }
    let mut lengths = words(headers, &CONTENT_LENGTH).map(number);
    let Some(first) = lengths.next() else {
        return Ok(Framing::UntilEnd);
    };
    let length = first.ok_or("a `Content-Length` that is no number")?;
    if lengths.any(|other| other != Some(length)) {
        return Err("two values of `Content-Length`");
    }
    Ok(Framing::Length(length))
}

fn keeps(is_newest: bool, headers: &AnswerFields) -> Keeps {
    let says = |word: &[u8]| words(headers, &CONNECTION).any(|said| said.eq_ignore_ascii_case(word));
    if says(b"close") || !(is_newest || says(b"keep-alive")) {
        return Keeps::No;
    }
    let timeout = words(headers, &KEEP_ALIVE)
        .filter_map(|word| {
            let equals = word.iter().position(|byte| *byte == b'=')?;
            let is_timeout = word[..equals].trim_ascii().eq_ignore_ascii_case(b"timeout");
            number(word[equals + 1..].trim_ascii()).filter(|_| is_timeout)
        })
        .min();
    timeout.map_or(Keeps::Open, |seconds| Keeps::For(Duration::from_secs(seconds)))
}

/// The words between the commas of all fields with this name.
fn words<'a>(headers: &'a AnswerFields, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(name)
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|word| !word.is_empty())
}

/// A number in decimal digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests;
