//! Sending deliveries again: one of them, or all that ended within a time span.

mod one;

mod many;

mod count;

mod request;

mod view;

mod expired;

pub use count::ReplayCountApi;
pub use many::ReplayManyApi;
pub use one::ReplayOneApi;
