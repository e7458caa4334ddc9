//! Events: the names of their types, what an endpoint can subscribe to, and the payload that receivers get.

mod types;

mod account;

mod subscription;

mod payload;

pub use account::AccountEvent;
pub use payload::{MAX_CHATBOT_ID, MAX_DEPTH, Payload, PayloadError, chatbot_of, is_chatbot_id, kind_of};
pub use subscription::Subscription;
pub use types::{EventType, InvalidEventType, MAX_EVENT_TYPE};
