//! A delivery: an event on its way to an endpoint. Its states, what moves it between them, and why an attempt fails.

mod failure;
mod given_up;
mod state;

pub use failure::Failure;
pub use given_up::GivenUp;
pub use state::{DeliveryState, Transition};
