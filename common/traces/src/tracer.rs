//! What the rest of a program knows of traces: whether a part of one is recorded, and where to put it.

use std::fmt;
use std::sync::Arc;

use domain::trace::{SpanId, TraceContext, TraceId};
use tokio::sync::mpsc::{self, Sender};

use crate::counted::{Count, Counted};
use crate::exporter::Exporter;
use crate::sampler::Sampler;
use crate::settings::TracesArgs;
use crate::span::Span;

/// So many spans wait at most. More are dropped: a receiver that is slow must not fill our memory.
const MOST_WAITING: usize = 2048;

/// Takes the parts of traces that are recorded. Clones share it; the default one records nothing.
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Recorder>>);

struct Recorder {
    sampler: Sampler,
    waiting: Sender<Span>,
    count: Count,
}

impl Tracer {
    /// The tracer of a program of this name and version, and what sends what it takes; without an address neither does anything.
    /// `count` is told what becomes of spans.
    #[must_use]
    pub fn new(
        args: &TracesArgs,
        program: &str,
        version: &str,
        count: impl Fn(Counted, u64) + Send + Sync + 'static,
    ) -> (Self, Option<Exporter>) {
        let Some(settings) = args.settings(program, version) else {
            return (Self::default(), None);
        };
        let (waiting, queue) = mpsc::channel(MOST_WAITING);
        let count: Count = Arc::new(count);
        let recorder = Recorder {
            sampler: settings.sampler,
            waiting,
            count: Arc::clone(&count),
        };
        let exporter = Exporter::new(settings, queue, count);
        (Self(Some(Arc::new(recorder))), Some(exporter))
    }

    /// Whether anything is recorded at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The place of a new part of a trace: of `parent`'s, or of one that begins here. Whether it is recorded stands there. `None` if
    /// nothing is recorded at all, or there is no parent and none begins.
    #[must_use]
    pub fn begin(&self, parent: Option<TraceContext>) -> Option<TraceContext> {
        let recorder = self.0.as_ref()?;
        let trace = parent.map_or_else(TraceId::random, |parent| parent.trace);
        let is_sampled = recorder.sampler.takes(trace, parent);
        (is_sampled || parent.is_some()).then(|| TraceContext {
            trace,
            parent: SpanId::random(),
            is_sampled,
        })
    }

    /// Takes a part of a trace that has ended, and whose place says that it is recorded.
    pub fn record(&self, span: Span) {
        if let Some(recorder) = &self.0
            && recorder.waiting.try_send(span).is_err()
        {
            (recorder.count)(Counted::Dropped, 1);
        }
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_on() { "Tracer" } else { "no Tracer" })
    }
}
