//! What an operator does about deliveries that wait: `discard` them, `release` them, `cancel` single ones; and about
//! what has finished: `purge` it.
//!
//! Each is a step for an endpoint, whatever waits there, so whoever does it for all of an account can stop and begin again. Who ordered
//! it stands in the [`audit`](crate::audit).

mod beside;

mod cancel;

mod discard;

mod purge;

mod release;

pub use beside::Beside;
pub(crate) use cancel::DeliveriesCancel;
pub(crate) use discard::EndpointDiscard;
pub(crate) use purge::HistoryPurge;
pub use purge::{PurgeSpan, Purged};
pub(crate) use release::EndpointRelease;
pub use release::Released;
