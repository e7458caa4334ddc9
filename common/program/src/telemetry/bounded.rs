//! At most one warning or error a second for each cause, in every program: a client that asks again and again, a receiver, or a store
//! that is away can cause thousands of them a second. Nobody who writes one has to think of it.
//!
//! Of lines that are written for each attempt, push or refusal ([`super::EACH`]), some of each kind in a second: what is left of them shows
//! what happens, and costs next to nothing.
//!
//! What was left out is counted, and the next line of that cause says how many: `left_out`.

use std::collections::HashMap;
use std::fmt::{self, Debug, Write as _};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::seldom::Seldom;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// From one line of a cause to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// So many lines of a kind are written in a second.
const EACH_SECOND: u32 = 50;

/// So many causes are told apart; more, within one pause, share one line.
const MOST: usize = 256;

/// Writes what `inner` does, but warnings and errors seldom.
pub(super) struct Bounded<F> {
    inner: F,
    causes: Mutex<Causes>,
}

impl<F> Bounded<F> {
    pub(super) fn new(inner: F) -> Self {
        Self {
            inner,
            causes: Mutex::default(),
        }
    }

    fn causes(&self) -> MutexGuard<'_, Causes> {
        self.causes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, N, F> FormatEvent<S, N> for Bounded<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let left_out = if metadata.name() == super::EACH {
            self.causes().admit_some(&metadata.callsite(), Instant::now())
        } else if *metadata.level() > Level::WARN {
            return self.inner.format_event(context, writer, event);
        } else {
            let mut message = Message(String::new());
            event.record(&mut message);
            self.causes()
                .admit(&(metadata.callsite(), message.0), Instant::now())
        };
        match left_out {
            // An empty line isn't written.
            None => Ok(()),
            Some(0) => self.inner.format_event(context, writer, event),
            Some(left_out) => {
                let mut line = String::new();
                self.inner.format_event(context, Writer::new(&mut line), event)?;
                write_with(&mut writer, line.trim_end(), left_out)
            }
        }
    }
}

/// Writes a line with one more field. Lines of JSON are objects.
fn write_with(writer: &mut Writer<'_>, line: &str, left_out: u64) -> fmt::Result {
    match line.strip_suffix('}') {
        Some(object) if line.starts_with('{') => writeln!(writer, "{object},\"left_out\":{left_out}}}"),
        _ => writeln!(writer, "{line} left_out={left_out}"),
    }
}

/// What is known of each cause: a place in the code and the sentence that it wrote, whatever the other fields say.
#[derive(Default)]
struct Causes {
    hasher: RandomState,
    known: HashMap<u64, Seldom>,
    /// The kinds of lines that are written for each of many. There are as many as places in the code.
    kinds: HashMap<Identifier, Share>,
}

/// What was written of a kind of lines in this second.
struct Share {
    began: Instant,
    written: u32,
    left_out: u64,
}

impl Causes {
    /// Whether a line is written now, and if it is, how many of its cause were left out before it.
    fn admit(&mut self, cause: &impl std::hash::Hash, now: Instant) -> Option<u64> {
        let mut key = self.hasher.hash_one(cause);
        if self.known.len() >= MOST && !self.known.contains_key(&key) {
            self.known.retain(|_, seldom| !seldom.has_rested(now));
            if self.known.len() >= MOST {
                key = 0;
            }
        }
        let seldom = self.known.entry(key).or_insert(Seldom::every(PAUSE));
        seldom.add(1, now).map(|times| times - 1)
    }

    /// The same of a line that is written for each of many.
    fn admit_some(&mut self, kind: &Identifier, now: Instant) -> Option<u64> {
        let share = self.kinds.entry(kind.clone()).or_insert(Share {
            began: now,
            written: 0,
            left_out: 0,
        });
        if now.saturating_duration_since(share.began) >= PAUSE {
            share.began = now;
            share.written = 0;
        }
        if share.written == EACH_SECOND {
            share.left_out += 1;
            return None;
        }
        share.written += 1;
        Some(std::mem::take(&mut share.left_out))
    }
}

/// The sentence of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // To a `String` nothing fails.
            let _written = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests;
