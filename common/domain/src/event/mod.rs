//! Events: their types, what an endpoint can subscribe to, and the payload that receivers get.

mod types;

mod subscription;

mod payload;

pub use payload::{MAX_CHATBOT_ID, MAX_DEPTH, Payload, PayloadError, chatbot_of, kind_of};
pub use subscription::Subscription;
pub use types::{AccountEvent, EventType, UnknownEventType};
