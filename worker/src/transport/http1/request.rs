//! The request as it goes out.

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::HeaderMap;

use crate::transport::resolver::Asker;

/// A `POST` to a receiver. It can be sent more than once.
#[derive(Debug)]
pub(crate) struct Request {
    /// Where to.
    pub(crate) url: Url,
    /// What the caller says about it. `Host`, `Content-Length` and the like are the client's.
    pub(crate) headers: HeaderMap,
    /// The body, as it is.
    pub(crate) body: Bytes,
    /// Whose share a look-up of the name belongs to.
    pub(crate) asker: Asker,
}

impl Request {
    /// The head, from the request line to the empty line.
    pub(in crate::transport) fn head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(1024);
        // A `Url` and header values have no line breaks, so nobody can smuggle in a line.
        head.extend_from_slice(b"POST ");
        head.extend_from_slice(self.url.path().as_bytes());
        if let Some(query) = self.url.query() {
            head.push(b'?');
            head.extend_from_slice(query.as_bytes());
        }
        head.extend_from_slice(b" HTTP/1.1\r\n");
        for (name, value) in &self.headers {
            line(&mut head, name.as_str(), &[value.as_bytes()]);
        }
        line(&mut head, "accept", &[b"*/*"]);
        line(&mut head, "user-agent", &[super::super::NAME.as_bytes()]);
        let host = self.url.host_str().unwrap_or_default().as_bytes();
        match self.url.port() {
            None => line(&mut head, "host", &[host]),
            Some(port) => line(&mut head, "host", &[host, b":", port.to_string().as_bytes()]),
        }
        line(
            &mut head,
            "content-length",
            &[self.body.len().to_string().as_bytes()],
        );
        head.extend_from_slice(b"\r\n");
        head
    }
}

fn line(head: &mut Vec<u8>, name: &str, value: &[&[u8]]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    for part in value {
        head.extend_from_slice(part);
    }
    head.extend_from_slice(b"\r\n");
}
