//! The trace that a delivery belongs to: each attempt is a part of it, and tells its receiver.
//!
//! A replay is somebody else's doing, perhaps days later: it belongs to no trace.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::endpoint::origin_of;
use domain::trace::{CarriedTrace, SpanId, TraceContext};
use store::queue::{AttemptRecord, Leased};
use traces::{Kind, Span, Tracer};

/// An attempt's place in a trace.
#[derive(Debug)]
pub(super) struct Traced {
    carried: CarriedTrace,
    place: TraceContext,
    began: SystemTime,
}

impl Traced {
    /// An attempt begins; `None` if its event goes with no trace.
    pub(super) fn begin(leased: &Leased, tracer: &Tracer) -> Option<Self> {
        let carried = leased.event.trace.filter(|_| !leased.delivery.is_replay())?;
        let place = tracer.begin(Some(carried.context));
        Some(Self {
            carried,
            // Where nothing is recorded the receiver's part still has a cause of its own.
            place: place.unwrap_or_else(|| carried.context.within(SpanId::random())),
            began: SystemTime::now(),
        })
    }

    /// What the receiver is told, if it is told of the trace at all.
    pub(super) fn told(&self) -> Option<TraceContext> {
        self.carried.is_told.then_some(self.place)
    }

    /// The trace, for the log.
    pub(super) const fn context(&self) -> TraceContext {
        self.place
    }

    /// The attempt has ended; `is_first` if it was the first that counts, for which the delivery waited since its event was accepted.
    pub(super) fn end(&self, tracer: &Tracer, leased: &Leased, attempt: &AttemptRecord, is_first: bool) {
        if !tracer.is_on() || !self.place.is_sampled {
            return;
        }
        if is_first {
            tracer.record(self.span(leased, "queue", SpanId::random(), accepted_at(leased), self.began));
        }
        let mut span = self.span(
            leased,
            "attempt",
            self.place.parent,
            self.began,
            SystemTime::now(),
        );
        span.kind = Kind::Client;
        span.attributes.extend([
            ("http.request.method", "POST".into()),
            ("server.address", host_of(&leased.endpoint.url).to_owned().into()),
            ("webhooks.attempt", leased.attempt.into()),
        ]);
        if let Some(status) = attempt.status {
            span.attributes.push(("http.response.status_code", status.into()));
        }
        if let Some(error) = attempt.error {
            span.attributes.push(("error.type", error.into()));
            span.failure = Some(error.into());
        }
        tracer.record(span);
    }

    fn span(
        &self,
        leased: &Leased,
        name: &'static str,
        id: SpanId,
        began: SystemTime,
        ended: SystemTime,
    ) -> Span {
        Span {
            trace: self.place.trace,
            id,
            parent: Some(self.carried.context.parent),
            name,
            kind: Kind::Internal,
            began,
            ended,
            attributes: vec![
                (
                    "webhooks.account",
                    leased.endpoint.account.as_str().to_owned().into(),
                ),
                ("webhooks.event", leased.event.id.as_str().to_owned().into()),
                ("webhooks.event_type", leased.event.event.clone().into()),
                ("webhooks.delivery", leased.delivery.as_str().to_owned().into()),
                ("webhooks.endpoint", leased.endpoint.id.as_str().to_owned().into()),
            ],
            failure: None,
        }
    }
}

/// When the event was accepted, as its id says.
fn accepted_at(leased: &Leased) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(leased.event.id.time().as_millis())
}

/// The host of an URL, with its port if that is not the usual one.
pub(super) fn host_of(url: &str) -> &str {
    let origin = origin_of(url);
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

#[cfg(test)]
mod tests;
