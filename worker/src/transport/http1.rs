//! What HTTP/1.1 looks like on the wire, without any I/O: the [`request`], the [`head`] of an answer with its [`fields`],
//! and its [`body`].
//!
//! Strict about where an answer ends, lenient about everything else: a header line that is odd voids no answer.

pub(super) mod body;

pub(super) mod head;

pub(super) mod fields;

pub(super) mod request;
