//! What a receiver does with a request.

use std::time::Duration;

use bytes::Bytes;

/// What a receiver does with a request that it has read completely.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) delay: Duration,
    pub(super) held: bool,
    pub(super) action: Action,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    /// A complete response.
    Respond {
        status: u16,
        headers: Vec<(String, String)>,
        body: Bytes,
    },
    /// No answer, until the client gives up.
    Hang,
    /// The head at once, then one byte of the body at a time.
    Drip {
        status: u16,
        every: Duration,
        length: usize,
    },
    /// A connection reset.
    Reset,
    /// A close without an answer.
    Close,
    /// A head that promises `promised` bytes, then these, then a close.
    CutShort { promised: usize, body: Bytes },
    /// These bytes, whatever they are, then a close.
    Raw(Bytes),
    /// These bytes, whatever they are, one at a time.
    RawSlowly { bytes: Bytes, every: Duration },
    /// This text first, then that one again and again until the client gives up. `status` is set if the beginning of the
    /// answer is enough for a verdict.
    Endless {
        status: Option<u16>,
        first: Bytes,
        again: Bytes,
    },
}

impl Answer {
    const fn new(action: Action) -> Self {
        Self {
            delay: Duration::ZERO,
            held: false,
            action,
        }
    }

    /// An empty answer of this status.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::new(Action::Respond {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        })
    }

    /// A redirect to `location`.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// Never answers.
    #[must_use]
    pub const fn hang() -> Self {
        Self::new(Action::Hang)
    }

    /// Answers the head at once, then a body of `length` bytes, one byte at a time.
    #[must_use]
    pub const fn drip(status: u16, every: Duration, length: usize) -> Self {
        Self::new(Action::Drip {
            status,
            every,
            length,
        })
    }

    /// Resets the connection.
    #[must_use]
    pub const fn reset() -> Self {
        Self::new(Action::Reset)
    }

    /// Closes the connection without an answer.
    #[must_use]
    pub const fn close() -> Self {
        Self::new(Action::Close)
    }

    /// Promises a body of `promised` bytes, sends `body` and closes.
    #[must_use]
    pub fn cut_short(promised: usize, body: impl Into<Bytes>) -> Self {
        Self::new(Action::CutShort {
            promised,
            body: body.into(),
        })
    }

    /// Sends these bytes as they are, then closes.
    #[must_use]
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::new(Action::Raw(bytes.into()))
    }

    /// Sends these bytes one at a time, then closes.
    #[must_use]
    pub fn raw_slowly(bytes: impl Into<Bytes>, every: Duration) -> Self {
        Self::new(Action::RawSlowly {
            bytes: bytes.into(),
            every,
        })
    }

    /// Speaks no HTTP.
    #[must_use]
    pub fn garbage() -> Self {
        Self::raw("\x00\x16 this is not the protocol that you are looking for\r\n\r\n")
    }

    /// Sends header lines without end.
    #[must_use]
    pub fn endless_headers() -> Self {
        Self::endless("HTTP/1.1 200 OK\r\n", format!("x-more: {}\r\n", "m".repeat(1000)))
    }

    /// Sends a 200 whose body has no end.
    #[must_use]
    pub fn endless_body() -> Self {
        Self::endless_body_of(200)
    }

    /// Sends this status and a body without end. What a client reads of it is enough for a verdict.
    #[must_use]
    pub fn endless_body_of(status: u16) -> Self {
        let chunk = "b".repeat(0x4000);
        Self::new(Action::Endless {
            status: Some(status),
            first: Bytes::from(format!(
                "HTTP/1.1 {status} Scripted\r\ntransfer-encoding: chunked\r\n\r\n"
            )),
            again: Bytes::from(format!("4000\r\n{chunk}\r\n")),
        })
    }

    /// Sends `first`, then `again` without end.
    #[must_use]
    pub fn endless(first: impl Into<Bytes>, again: impl Into<Bytes>) -> Self {
        Self::new(Action::Endless {
            status: None,
            first: first.into(),
            again: again.into(),
        })
    }

    /// The status, if a client can judge by this answer.
    pub(super) const fn complete_status(&self) -> Option<u16> {
        match &self.action {
            Action::Respond { status, .. } => Some(*status),
            Action::Endless { status, .. } => *status,
            _ => None,
        }
    }

    /// Whether it ends the connection without a byte.
    pub(super) const fn cuts_off(&self) -> bool {
        matches!(self.action, Action::Reset | Action::Close)
    }

    /// Adds a header; only to complete responses.
    ///
    /// # Panics
    ///
    /// On another kind of answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let Action::Respond { headers, .. } = &mut self.action else {
            panic!("only a complete response has headers");
        };
        headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body; only of complete responses.
    ///
    /// # Panics
    ///
    /// On another kind of answer.
    #[must_use]
    pub fn body(mut self, text: impl Into<Bytes>) -> Self {
        let Action::Respond { body, .. } = &mut self.action else {
            panic!("only a complete response has a body that can be set");
        };
        *body = text.into();
        self
    }

    /// Answers this long after the request.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers once the receiver's gate is open.
    #[must_use]
    pub const fn held(mut self) -> Self {
        self.held = true;
        self
    }
}
