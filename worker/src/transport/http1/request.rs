//! The request as it goes out.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::Url;

use crate::transport::destination::Destination;
use crate::transport::resolver::Asker;

/// Room for the fields of a request without another allocation: few have more.
const FIELDS: usize = 640;

/// Where requests go, and what follows from that: worked out once for all of them.
pub(crate) struct Recipient {
    url: Url,
    pub(in crate::transport) destination: Destination,
    /// The request line.
    line: Vec<u8>,
    /// The fields that are the same in every request.
    fields: Vec<u8>,
}

impl Recipient {
    /// Whoever this URL leads to. Each request has these `own` fields as well.
    pub(crate) fn new(url: Url, own: &Fields) -> Arc<Self> {
        // A `Url` has no line breaks, so nobody can smuggle in a line.
        let mut line = b"POST ".to_vec();
        line.extend_from_slice(url.path().as_bytes());
        if let Some(query) = url.query() {
            line.push(b'?');
            line.extend_from_slice(query.as_bytes());
        }
        line.extend_from_slice(b" HTTP/1.1\r\n");
        let mut fields = own.0.clone();
        push(&mut fields, "Accept", &[b"*/*"]);
        push(&mut fields, "User-Agent", &[super::super::NAME.as_bytes()]);
        let host = url.host_str().unwrap_or_default().as_bytes();
        match url.port() {
            None => push(&mut fields, "Host", &[host]),
            Some(port) => push(&mut fields, "Host", &[host, b":", port.to_string().as_bytes()]),
        }
        Arc::new(Self {
            destination: Destination::of(&url),
            url,
            line,
            fields,
        })
    }

    /// The URL.
    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }
}

/// The URL alone: fields may be secrets.
impl fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Recipient({})", self.url)
    }
}

/// A `POST` to a receiver. It can be sent more than once.
#[derive(Debug)]
pub(crate) struct Request {
    /// Where to.
    pub(crate) recipient: Arc<Recipient>,
    /// What the caller says about it. `Host`, `Content-Length` and the like are the client's.
    pub(crate) fields: Fields,
    /// The body, as it is.
    pub(crate) body: Bytes,
    /// Whose share a look-up of the name belongs to.
    pub(crate) asker: Asker,
}

impl Request {
    /// The head, from the request line to the empty line.
    pub(in crate::transport) fn head(&self) -> Vec<u8> {
        let Recipient { line, fields, .. } = &*self.recipient;
        let length = self.body.len().to_string();
        // `Content-Length: ` and the line breaks have 20 bytes.
        let size = line.len() + self.fields.0.len() + fields.len() + length.len() + 20;
        let mut head = Vec::with_capacity(size);
        head.extend_from_slice(line);
        head.extend_from_slice(&self.fields.0);
        head.extend_from_slice(fields);
        push(&mut head, "Content-Length", &[length.as_bytes()]);
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// Header fields as they go out.
#[derive(Debug, Clone)]
pub(crate) struct Fields(Vec<u8>);

/// A text that can't be the value of a header field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` can't have this value")]
pub(crate) struct Unsendable {
    name: String,
}

impl Fields {
    /// None yet, with room for those of a request.
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(FIELDS))
    }

    /// None.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Adds a field. What its value may have is visible ASCII, spaces and tabs.
    ///
    /// # Errors
    ///
    /// [`Unsendable`] if it has something else, such as the end of the line.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> Result<(), Unsendable> {
        let is_sendable = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
        if !value.bytes().all(is_sendable) {
            return Err(Unsendable {
                name: name.to_owned(),
            });
        }
        push(&mut self.0, name, &[value.as_bytes()]);
        Ok(())
    }

    /// The lines, for tests.
    #[cfg(test)]
    pub(crate) fn lines(&self) -> Vec<(&str, &str)> {
        let text = str::from_utf8(&self.0).unwrap();
        text.split_terminator("\r\n")
            .map(|line| line.split_once(": ").unwrap())
            .collect()
    }
}

fn push(head: &mut Vec<u8>, name: &str, value: &[&[u8]]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    for part in value {
        head.extend_from_slice(part);
    }
    head.extend_from_slice(b"\r\n");
}
