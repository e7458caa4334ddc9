//! Making endpoints.

use std::time::Duration;

use domain::endpoint::{Endpoint, NewEndpoint, RateLimit};
use domain::id::{AccountId, EndpointId};
use domain::sealing::{SealedHeaders, SealedSecret};

use super::{MOST_ROUTE_BYTES, join, types_of};
use crate::events::{IDEMPOTENCY_WINDOW, Idempotency};
use crate::scripts::{answered_in_words, script};
use crate::{Store, StoreError};

/// What came of making an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It exists now.
    Created(Box<Endpoint>),
    /// An earlier call with the same idempotency key made one, which is this one now, with the secret that it was made with.
    Again(Box<Endpoint>, SealedSecret),
    /// An earlier call with the same key made this one, but it was removed since, or its secret was replaced.
    Overtaken(EndpointId),
    /// The key was used for another request. Nothing was changed.
    IdempotencyConflict,
    /// There is no longer such an event type: another API has announced other types.
    TypeGone(String),
    /// The account may not have events of this type.
    TypeForbidden(String),
    /// The account's lists of chatbots and filters would take more than they may.
    RoutesTooLong,
    /// The account already has as many as it may: so many.
    TooMany(u32),
}

answered_in_words! {
    CreateOutcome {
        "created" => Created(endpoint),
        "again" => Again(endpoint, secret),
        "overtaken" => Overtaken(id),
        "conflict" => IdempotencyConflict,
        "type_gone" => TypeGone(name),
        "type_forbidden" => TypeForbidden(name),
        "routes_too_long" => RoutesTooLong,
        "too_many" => TooMany(most),
    }
}

script! {
    /// Makes an endpoint, unless the account has as many as it may.
    "endpoint_create": DenyOom, Writes, needs [OWNER, TERMS, ROUTES, FILTERS, TYPES, LOG, OPERATOR, PENDING, PLACED];
    struct EndpointCreate<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        /// The number that accounts were cut by when this shard was chosen.
        shards: u16,
        /// The most endpoints of an account.
        limit: u32,
        url: &'a str,
        /// Separated by commas.
        events: &'a str,
        /// The event types among them.
        types: &'a str,
        /// One id, or several (`Chatbots::to_stored`).
        chatbots: Option<String>,
        /// As JSON.
        filters: Option<String>,
        most_route_bytes: usize,
        description: Option<&'a str>,
        headers: &'a SealedHeaders,
        /// Deliveries in a second.
        rate_limit: Option<u16>,
        auto_resume: bool,
        active: bool,
        /// Whether it is paused from the start.
        paused: bool,
        /// Who makes it.
        by: Option<&'a str>,
        secret: &'a SealedSecret,
        key_hash: Option<String>,
        fingerprint: Option<&'a str>,
        /// How long an idempotency key is remembered.
        key_lifetime: Duration
    } -> CreateOutcome
}

impl Store {
    /// Makes an endpoint, unless the account has as many as its own limit says, or `limit`, already. Repeating it with the same id changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn create_endpoint(&self, new: &NewEndpoint, limit: u32) -> Result<CreateOutcome, StoreError> {
        self.create_endpoint_once(new, limit, None).await
    }

    /// Makes an endpoint, unless the account has `limit` already, or has made one with this idempotency key in the last 24 hours.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn create_endpoint_once(
        &self,
        new: &NewEndpoint,
        limit: u32,
        idempotency: Option<&Idempotency>,
    ) -> Result<CreateOutcome, StoreError> {
        self.make_endpoint(new, limit, idempotency, false).await
    }

    /// Makes an endpoint that was elsewhere, with its id: paused, if it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn import_endpoint(
        &self,
        new: &NewEndpoint,
        limit: u32,
        paused: bool,
    ) -> Result<CreateOutcome, StoreError> {
        self.make_endpoint(new, limit, None, paused).await
    }

    async fn make_endpoint(
        &self,
        new: &NewEndpoint,
        limit: u32,
        idempotency: Option<&Idempotency>,
        paused: bool,
    ) -> Result<CreateOutcome, StoreError> {
        self.call(&EndpointCreate {
            endpoint: &new.id,
            account: &new.account,
            shards: self.chosen_by(&new.account),
            limit,
            url: new.url.as_str(),
            events: &join(&new.events),
            types: &types_of(&new.events),
            chatbots: new.chatbots.to_stored(),
            filters: new.filters.to_stored(),
            most_route_bytes: MOST_ROUTE_BYTES,
            description: new.description.as_deref(),
            headers: &new.headers,
            rate_limit: new.rate_limit.map(RateLimit::per_second),
            auto_resume: new.auto_resume,
            active: new.active && !paused,
            paused,
            by: new.by.as_deref(),
            secret: &new.secret,
            key_hash: idempotency.map(Idempotency::key_hash),
            fingerprint: idempotency.map(|given| given.fingerprint.as_str()),
            key_lifetime: IDEMPOTENCY_WINDOW,
        })
        .await
    }
}
