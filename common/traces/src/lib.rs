//! Tells a receiver of OpenTelemetry what this program did for a trace: OTLP over HTTP, in protobuf.
//!
//! - [`TracesArgs`]: the standard variables, `OTEL_…`. Without an address nothing of this runs.
//! - [`Tracer`]: decides whether a part of a trace is recorded (`sampler`), and takes what was: a [`Span`].
//! - [`Exporter`]: sends them, in batches; `client` posts these.
//! - `wire`, `request`: the bytes, as `opentelemetry-proto` defines them.
//!
//! Nobody waits for any of this. What a receiver doesn't take in time is dropped, and counted.

mod settings;

mod sampler;

mod span;

mod counted;

mod post;

mod wire;

mod request;

mod tracer;

mod exporter;

mod client;

pub use counted::Counted;
pub use exporter::{Exporter, Exporting};
pub use settings::TracesArgs;
pub use span::{Kind, Span, Value};
pub use tracer::Tracer;
