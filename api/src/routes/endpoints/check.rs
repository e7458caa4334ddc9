//! Checking what creating an endpoint would say, without creating one.

use domain::clock::Timestamp;
use domain::event::{EventType, Payload, Subscription};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};

use super::super::schema::{
    ChatbotId, DateTime, Description, EventName, RatePerSecond, RawObject, SecretText, SubscriptionName,
    UrlText, present,
};
use super::super::{Call, Group, Resource, fields};
use super::answers::FIELD_ERRORS;
use super::choice::{Choice, FilterObject};
use super::create::has_room;
use super::headers::NewHeaders;
use super::request::{CreateEndpoint, Wanted};
use super::warning::{self, Warning};
use crate::allowance::Allowance;
use crate::app::App;
use crate::caller::Caller;
use crate::json::{Json, JsonRequest};
use crate::problem::{Code, Faults, Problem};

/// Checking an endpoint before it is made.
#[derive(Debug, Clone, Copy)]
pub struct CheckApi;

/// The endpoint that would be created, and an event that it may want.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CheckEndpoint {
    /// Where events would be sent: an absolute `https` URL with port 443 or a port from 1024 on, without user name, password or
    /// fragment.
    url: UrlText,
    /// Which events would be sent: event types (`*` stands for all of them) and account events. At least one, and each only once.
    #[oai(validator(min_items = 1, unique_items))]
    events: Vec<SubscriptionName>,
    /// Send only events of this chatbot; without it, events of all chatbots are sent.
    #[oai(nullable)]
    chatbot_id: Option<ChatbotId>,
    /// Send only events of these chatbots, in place of `chatbotId`.
    #[oai(nullable, validator(min_items = 1, max_items = 50, unique_items))]
    chatbot_ids: Option<Vec<ChatbotId>>,
    /// Send only events whose `data` meets all these conditions.
    #[oai(nullable, validator(max_items = 5))]
    filters: Option<Vec<FilterObject>>,
    /// A description for your own use.
    #[oai(nullable)]
    description: Option<Description>,
    /// Headers that would be sent with each delivery, by name.
    #[oai(nullable)]
    headers: Option<NewHeaders>,
    /// The most deliveries that are sent in a second, evenly spread; without it, as many as the receiver carries.
    #[oai(nullable)]
    rate_limit: Option<RatePerSecond>,
    /// Whether the endpoint would be tried again by itself after failures disabled it.
    #[serde(default, deserialize_with = "present")]
    auto_resume: Option<bool>,
    /// Whether the endpoint would be switched on from the start; `true` if absent.
    #[serde(default, deserialize_with = "present")]
    active: Option<bool>,
    /// The signing secret that the receiver has already, which only a `manage` key may bring along.
    #[serde(default, deserialize_with = "present")]
    secret: Option<SecretText>,
    /// An event: the answer says whether the endpoint would get it.
    #[serde(default, deserialize_with = "present")]
    sample: Option<SampleEvent>,
}

/// An event as receivers get it, such as the `sample` of an event type.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SampleEvent {
    /// The event type.
    event: EventName,
    /// The id of the chatbot in which it happened.
    chatbot_id: ChatbotId,
    /// What receivers would get as `data`, for `filters`; without it, the sample of the event type.
    #[serde(default, deserialize_with = "present")]
    data: Option<RawObject>,
    /// When it happened (RFC 3339). No endpoint chooses by it, and it may be left out.
    #[oai(nullable)]
    timestamp: Option<DateTime>,
}

/// An event, as it was read.
struct Sample {
    event: EventType,
    chatbot: String,
    payload: Payload,
}

/// What is known of an endpoint that could be created.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct CheckedEndpoint {
    /// The URL as it would be kept, in its normal form.
    url: String,
    /// Whether the endpoint would get the sample; `null` if there is none.
    #[oai(nullable)]
    matches: Option<bool>,
    /// What is better done otherwise. Only if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    warnings: Option<Vec<Warning>>,
}

impl JsonRequest for CheckEndpoint {
    fn max_bytes(allowance: &Allowance) -> usize {
        CreateEndpoint::max_bytes(allowance).saturating_add(allowance.event_bytes())
    }

    const REQUIRED: &'static [(&'static str, &'static str)] = CreateEndpoint::REQUIRED;

    fn fault(self, app: &App) -> Option<Problem> {
        self.read(app).err()
    }
}

impl CheckEndpoint {
    /// What is asked for, and the sample.
    fn read(self, app: &App) -> Result<(Wanted, Option<Sample>), Problem> {
        let endpoint = CreateEndpoint {
            url: self.url,
            events: self.events,
            chatbot_id: self.chatbot_id,
            chatbot_ids: self.chatbot_ids,
            filters: self.filters,
            description: self.description,
            headers: self.headers,
            rate_limit: self.rate_limit,
            auto_resume: self.auto_resume,
            active: self.active,
            secret: self.secret,
        };
        let mut faults = Faults::default();
        let wanted = faults.take(endpoint.wanted(app));
        let sample = faults.take_any(self.sample.map(|sample| sample.read(app)));
        let (Some(wanted), Some(sample)) = (wanted, sample) else {
            return Err(faults.into());
        };
        Ok((wanted, sample))
    }
}

impl SampleEvent {
    fn read(self, app: &App) -> Result<Sample, Problem> {
        let mut faults = Faults::default();
        let event = faults.take(fields::event_type(&self.event.0, &app.event_types));
        let chatbot = faults.take(fields::chatbot_id(self.chatbot_id.0));
        let time = self.timestamp.map(|text| fields::timestamp(&text.0, "timestamp"));
        let time = faults.take_any(time);
        let payload = self.data.map(|data| {
            Payload::build(
                event.unwrap_or(app.event_types.example()),
                chatbot.as_deref().unwrap_or_default(),
                time.flatten().unwrap_or_else(Timestamp::now),
                data.0.get(),
                app.allowance.payload_bytes,
            )
            .map_err(Problem::from)
        });
        let payload = faults.take_any(payload);
        let (Some(event), Some(chatbot), Some(_), Some(payload)) = (event, chatbot, time, payload) else {
            return Err(Problem::from(faults).within("sample"));
        };
        let most = app.allowance.payload_bytes;
        let sample = Subscription::Only(event);
        let sample = || {
            app.event_types
                .sample_payload(sample, None, Timestamp::now(), most)
        };
        let payload = match payload {
            Some(payload) => payload,
            None => sample()?.1,
        };
        Ok(Sample {
            event,
            chatbot,
            payload,
        })
    }
}

#[OpenApi(tag = "Group::Endpoints")]
impl CheckApi {
    /// Check an endpoint before creating it
    ///
    /// Takes what creating an endpoint takes, and refuses what that would refuse, with all that is wrong in `errors`: a form can be
    /// checked before it is sent. With a `sample` event, says whether the endpoint would get it. Nothing is stored, and no name is
    /// resolved.
    #[oai(
        path = "/api/webhooks-config/check",
        method = "post",
        operation_id = "checkEndpoint"
    )]
    async fn check(
        &self,
        caller: Caller,
        app: Data<&App>,
        body: Json<CheckEndpoint>,
    ) -> Result<Json<CheckedEndpoint>, Problem> {
        let (wanted, sample) = body.0.read(&app)?;
        let limits = has_room(&app, &caller.account, &wanted.events).await?;
        Ok(Json(CheckedEndpoint {
            warnings: warning::about(&wanted.events, &app.event_types),
            matches: sample.map(|sample| {
                wanted.active
                    && limits.allow(Subscription::Only(sample.event))
                    && choice_of(&wanted).includes(sample.event, &sample.chatbot, sample.payload.data())
            }),
            url: wanted.url.to_string(),
        }))
    }
}

impl Resource for CheckApi {
    const CALLS: &'static [Call] = &[Call::new(
        "checkEndpoint",
        &[
            Code::TooManyEndpoints,
            Code::InvalidValue,
            Code::InvalidTimestamp,
            Code::DataTooDeep,
            Code::PayloadTooLarge,
        ],
    )
    .with(FIELD_ERRORS)
    .strict()];
    const EXAMPLES: &'static str = include_str!("check.json");
}

/// Which events an endpoint would get.
fn choice_of(wanted: &Wanted) -> Choice<'_> {
    Choice {
        events: &wanted.events,
        chatbots: &wanted.chatbots,
        filters: &wanted.filters,
    }
}

#[cfg(test)]
mod tests;
