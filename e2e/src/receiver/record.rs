//! What a test told its receiver to answer, and the requests that came.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::watch;

use super::Answer;

/// One request.
#[derive(Debug, Clone)]
pub struct Received {
    /// The number of its connection.
    pub connection: usize,
    /// `POST`.
    pub method: String,
    /// The path, with the query if there is one.
    pub path: String,
    /// The head's bytes, from the request line to the empty line.
    pub head: Bytes,
    /// The headers, in order, names as they were sent.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Bytes,
    /// When it was complete.
    pub at: Instant,
    /// The status of the answer, if a client can judge by it.
    pub status: Option<u16>,
    /// Whether its connection ended without a byte of an answer: a client may send it again within the same attempt.
    pub was_cut_off: bool,
}

impl Received {
    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The value of a header that must be there.
    ///
    /// # Panics
    ///
    /// When it isn't.
    #[must_use]
    pub fn expect_header(&self, name: &str) -> &str {
        self.header(name)
            .unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it isn't.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

type Decide = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

/// Shared between the receiver and its connections.
#[derive(Default)]
pub(super) struct Record {
    script: Mutex<HashMap<String, Script>>,
    received: Mutex<Vec<Arc<Received>>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    pub(super) gate: watch::Sender<bool>,
}

#[derive(Default)]
struct Script {
    next: VecDeque<Answer>,
    always: Option<Decide>,
}

impl Record {
    pub(super) fn set_always(&self, path: &str, decide: Decide) {
        lock(&self.script).entry(path.to_owned()).or_default().always = Some(decide);
    }

    pub(super) fn queue(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.script)
            .entry(path.to_owned())
            .or_default()
            .next
            .extend(answers);
    }

    /// Records a request, and returns its answer.
    pub(super) fn take(&self, mut request: Received) -> Answer {
        let mut script = lock(&self.script);
        let script = script.entry(request.path.clone()).or_default();
        let queued = script.next.pop_front();
        let answer = queued.unwrap_or_else(|| match &script.always {
            Some(decide) => decide(&request),
            None => Answer::status(200),
        });
        request.status = answer.complete_status();
        request.was_cut_off = answer.cuts_off();
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        lock(&self.received).push(Arc::new(request));
        answer
    }

    pub(super) fn answered(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    pub(super) fn new_connection(&self) -> usize {
        self.connections.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn received(&self) -> Vec<Arc<Received>> {
        lock(&self.received).clone()
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.received).len()
    }

    pub(super) fn open_now(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn most_open(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("received", &self.count())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test's `decide` that panicked has failed the test already.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
