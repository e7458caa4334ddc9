//! A delivery: an event on its way to an endpoint. Its states and what moves it between them; what an attempt came to,
//! and what follows from that.

mod attempt;
mod state;

pub use attempt::{Failure, Verdict};
pub use state::{DeliveryState, Transition};
