//! Endpoints in the store.

use std::collections::HashMap;

use redis::Value;

use domain::clock::Timestamp;
use domain::endpoint::{
    DisabledReason, Endpoint, EndpointPatch, EndpointState, LastAttempt, NewEndpoint, ParkedAction,
    QueueDepth, SecretGrace,
};
use domain::event::Subscription;
use domain::id::{AccountId, EndpointId, EventId};

use super::decode::{array, fields, integer, next, parse, parsed, text, unexpected};
use super::{Store, StoreError};

/// What came of making an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It exists now.
    Created(Box<Endpoint>),
    /// The account already has as many as it may.
    TooMany,
}

/// How many endpoints one call looks at.
const AT_A_TIME: usize = 100;

impl Store {
    /// Makes an endpoint, unless the account has `limit` already. Repeating it with the same id changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn create_endpoint(&self, new: &NewEndpoint, limit: u32) -> Result<CreateOutcome, StoreError> {
        let arguments = [
            new.id.as_str(),
            new.account.as_str(),
            &limit.to_string(),
            new.url.as_str(),
            &join(&new.events),
            new.chatbot_id.as_deref().unwrap_or_default(),
            new.description.as_deref().unwrap_or_default(),
            new.secret.as_str(),
        ];
        let answer = self.run(&self.scripts().endpoint_create, &arguments).await?;
        Ok(one(answer)?.map_or(CreateOutcome::TooMany, |endpoint| {
            CreateOutcome::Created(Box::new(endpoint))
        }))
    }

    /// All endpoints of an account, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn list_endpoints(&self, account: &AccountId) -> Result<Vec<Endpoint>, StoreError> {
        let (mut endpoints, rest) = self.some_endpoints(&[account.as_str()]).await?;
        // Thousands are looked at in steps, so that Redis has time for others.
        for ids in rest.chunks(AT_A_TIME) {
            let ids = ids.iter().map(String::as_str);
            let arguments: Vec<_> = std::iter::once(account.as_str()).chain(ids).collect();
            endpoints.extend(self.some_endpoints(&arguments).await?.0);
        }
        endpoints.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(endpoints)
    }

    /// As many as one call looks at, and the ids of those that are left.
    async fn some_endpoints(&self, arguments: &[&str]) -> Result<(Vec<Endpoint>, Vec<String>), StoreError> {
        let answer = self.run(&self.scripts().endpoint_list, arguments).await?;
        let mut answer = array(answer)?.into_iter();
        let found = array(next(&mut answer)?)?;
        let rest = array(next(&mut answer)?)?;
        Ok((
            found
                .into_iter()
                .filter_map(|value| one(value).transpose())
                .collect::<Result<_, _>>()?,
            rest.into_iter().map(text).collect::<Result<_, _>>()?,
        ))
    }

    /// One endpoint; `None` when it doesn't exist or belongs to another account.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn get_endpoint(
        &self,
        account: &AccountId,
        id: &EndpointId,
    ) -> Result<Option<Endpoint>, StoreError> {
        let (found, _) = self.some_endpoints(&[account.as_str(), id.as_str()]).await?;
        Ok(found.into_iter().next())
    }

    /// Changes an endpoint in one step; `None` when it doesn't exist or belongs to another account.
    ///
    /// Switching on zeroes the failure counter, starts a new generation and releases (or discards) what was parked.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn update_endpoint(
        &self,
        account: &AccountId,
        id: &EndpointId,
        patch: &EndpointPatch,
    ) -> Result<Option<Endpoint>, StoreError> {
        let operation = operation_id();
        let events = patch.events.as_deref().map(join);
        let wanted = match patch.active {
            Some(true) => "1",
            Some(false) => "0",
            None => "",
        };
        let parked = match patch.parked {
            ParkedAction::Deliver => "deliver",
            ParkedAction::Discard => "discard",
        };
        let mut arguments = vec![id.as_str(), account.as_str(), &operation, wanted, parked];
        let optional =
            |value: &'_ Option<Option<String>>| value.as_ref().map(|value| value.clone().unwrap_or_default());
        let (chatbot_id, description) = (optional(&patch.chatbot_id), optional(&patch.description));
        for (field, value) in [
            (
                "url",
                patch.url.as_ref().map(domain::endpoint::EndpointUrl::as_str),
            ),
            ("events", events.as_deref()),
            ("chatbotId", chatbot_id.as_deref()),
            ("description", description.as_deref()),
        ] {
            if let Some(value) = value {
                arguments.extend([field, value]);
            }
        }
        one(self.run(&self.scripts().endpoint_update, &arguments).await?)
    }

    /// Removes an endpoint with its queue and its log; `false` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn remove_endpoint(&self, account: &AccountId, id: &EndpointId) -> Result<bool, StoreError> {
        let arguments = [id.as_str(), account.as_str(), &operation_id()];
        Ok(integer(self.run(&self.scripts().endpoint_remove, &arguments).await?)? == 1)
    }
}

/// Names the keys that one operation sets aside.
fn operation_id() -> String {
    EventId::new(Timestamp::now().as_millis()).as_str()["evt_".len()..].to_owned()
}

fn join(events: &[Subscription]) -> String {
    events
        .iter()
        .map(|event| event.as_str())
        .collect::<Vec<_>>()
        .join(",")
}

/// An endpoint as scripts answer it (`view` in the prelude); `None` for an empty list.
pub(crate) fn one(value: Value) -> Result<Option<Endpoint>, StoreError> {
    let mut values = array(value)?.into_iter();
    let Some(id) = values.next() else { return Ok(None) };
    let id: EndpointId = parsed(id)?;
    let hash = fields(next(&mut values)?)?;
    let mut length = || integer(next(&mut values)?).map(|length| u64::try_from(length).unwrap_or(0));
    let (waiting, retrying) = (length()?, length()?);
    endpoint(id, &hash, waiting, retrying).map(Some)
}

fn endpoint(
    id: EndpointId,
    hash: &HashMap<String, String>,
    waiting: u64,
    retrying: u64,
) -> Result<Endpoint, StoreError> {
    let required = |name: &str| hash.get(name).map(String::as_str).ok_or_else(|| unexpected(name));
    let number = |name: &str| hash.get(name).map_or(Ok(0), |text| parse::<u32>(text));
    let state = match required("state")? {
        "active" => EndpointState::Active,
        "disabled" => EndpointState::Disabled,
        "off" => EndpointState::Off,
        _ => return Err(unexpected("state")),
    };
    Ok(Endpoint {
        id,
        account: parse(required("account")?)?,
        url: required("url")?.to_owned(),
        events: required("events")?
            .split(',')
            .map(parse)
            .collect::<Result<_, _>>()?,
        chatbot_id: hash.get("chatbotId").cloned(),
        description: hash.get("description").cloned(),
        state,
        consecutive_failures: number("consecutiveFailures")?,
        disabled_reason: hash
            .get("disabledReason")
            .and_then(|name| DisabledReason::from_name(name)),
        disabled_at: hash.get("disabledAt").map(|text| time(text)).transpose()?,
        last_attempt: hash
            .get("lastAttempt")
            .map(|text| last_attempt(text))
            .transpose()?,
        queue: QueueDepth {
            waiting,
            retrying,
            in_flight: number("inFlight")?.into(),
            bytes: hash.get("queuedBytes").map_or(Ok(0), |text| parse(text))?,
        },
        failing_since: hash
            .get("failingSince")
            .filter(|since| *since != "0")
            .map(|text| time(text))
            .transpose()?,
        grace: grace(hash)?,
        created_at: time(required("createdAt")?)?,
        updated_at: time(required("updatedAt")?)?,
    })
}

/// The grace of the last rotation, if there was one.
fn grace(hash: &HashMap<String, String>) -> Result<Option<SecretGrace>, StoreError> {
    let until = hash
        .get("previousSecretUntil")
        .map(|text| time(text))
        .transpose()?;
    Ok(until.map(|until| SecretGrace {
        until,
        legacy_uses_previous: hash
            .get("legacySignature")
            .is_some_and(|which| which == "previous"),
    }))
}

fn time(text: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millis(parse(text)?).ok_or_else(|| unexpected("time"))
}

/// `<ms> <delivery> <attempt> <1 if it succeeded> <status or nothing> <duration> <error or nothing>`.
fn last_attempt(text: &str) -> Result<LastAttempt, StoreError> {
    let parts: Vec<_> = text.split(' ').collect();
    let &[at, delivery, attempt, succeeded, status, duration, error] = parts.as_slice() else {
        return Err(unexpected("lastAttempt"));
    };
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(LastAttempt {
        at: time(at)?,
        delivery_id: parse(delivery)?,
        attempt: parse(attempt)?,
        succeeded: succeeded == "1",
        status: filled(status).map(|text| parse(&text)).transpose()?,
        duration_ms: parse(duration)?,
        error: filled(error),
    })
}
