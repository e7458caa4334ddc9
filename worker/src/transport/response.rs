//! An answer whose head has come, and whose body is to be read.

use std::time::Instant;

use bytes::Bytes;
use reqwest::StatusCode;

use super::connection::Connection;
use super::failure::Error;
use super::http1::body::{Body, Next};
use super::http1::fields::AnswerFields;
use super::http1::head::{Head, Keeps};
use super::pool::InUse;
use super::trace::{Mark, Trace};

/// An answer. Its connection is kept once the body was read to its end, and closed if it is dropped before.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status.
    pub(crate) status: StatusCode,
    /// The header fields.
    pub(crate) headers: AnswerFields,
    body: Body,
    keeps: Keeps,
    /// `None` once the body was read to its end.
    connection: Option<(Connection, InUse)>,
}

impl Response {
    pub(super) fn new(head: Head, connection: Connection, in_use: InUse, trace: &mut Trace) -> Self {
        trace.mark(Mark::Answered);
        Self {
            status: head.status,
            headers: head.headers,
            body: Body::new(head.framing),
            keeps: head.keeps,
            connection: Some((connection, in_use)),
        }
    }

    /// The next part of the body, or `None` at its end.
    ///
    /// # Errors
    ///
    /// When the body is cut short.
    pub(crate) async fn part(&mut self) -> Result<Option<Bytes>, Error> {
        let Some((connection, _)) = &mut self.connection else {
            return Ok(None);
        };
        match connection.next(&mut self.body).await.map_err(Error::Exchange)? {
            Next::Part(part) => Ok(Some(part)),
            _ => {
                if let Some((connection, in_use)) = self.connection.take() {
                    in_use.keep(connection, self.keeps, Instant::now());
                }
                Ok(None)
            }
        }
    }
}
