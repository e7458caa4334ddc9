//! Texts that choose what is listed.

use std::borrow::Cow;

use domain::delivery::DeliveryState;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::log::ListStatus;

use super::text_type::text_type;

text_type!(
    /// A state of deliveries that an account's listing knows: places where deliveries were canceled, too.
    AccountStatus,
    "account_status",
    MetaSchema {
        enum_items: ListStatus::ALL
            .iter()
            .map(|status| status.state())
            .chain([DeliveryState::Canceled])
            .map(|state| state.as_str().into())
            .collect(),
        ..MetaSchema::new("string")
    }
);

text_type!(
    /// `true` or `false`.
    BoolText,
    "bool_text",
    MetaSchema::new("boolean")
);

text_type!(
    /// A state of endpoints.
    StateName,
    "endpoint_state_name",
    MetaSchema {
        enum_items: ["active", "paused", "disabled", "off"].map(Into::into).into(),
        ..MetaSchema::new("string")
    }
);

text_type!(
    /// What is searched for.
    SearchText,
    "search",
    MetaSchema {
        max_length: Some(200),
        ..MetaSchema::new("string")
    }
);

text_type!(
    /// The largest number of endpoints on a page.
    EndpointLimit,
    "endpoint_limit",
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(1000.0),
        ..MetaSchema::new("integer")
    }
);

text_type!(
    /// An id.
    IdText,
    "id",
    MetaSchema {
        max_length: Some(64),
        ..MetaSchema::new("string")
    }
);
