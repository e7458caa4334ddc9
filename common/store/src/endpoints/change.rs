//! Changing and removing endpoints.

use domain::custom_headers::{CustomName, MAX_HEADER_BYTES, MAX_HEADERS};
use domain::endpoint::{
    Chatbots, Condition, Endpoint, EndpointPatch, EndpointUrl, Filters, HeadersPatch, ParkedAction,
    StateChange,
};
use domain::id::{AccountId, EndpointId};
use domain::sealing::SealedHeader;

use super::{MOST_ROUTE_BYTES, join, operation_id, types_of};
use crate::scripts::{answered_in_words, record, script};
use crate::{Store, StoreError};

/// What came of changing an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It is now as wanted.
    Changed(Box<Endpoint>),
    /// It doesn't meet the condition. Nothing was changed.
    Mismatch,
    /// There is no longer such an event type: another API has announced other types. Nothing was changed.
    TypeGone(String),
    /// The account may not have events of this type. Nothing was changed.
    TypeForbidden(String),
    /// It was expected to be disabled, and isn't. Nothing was changed.
    NotDisabled,
    /// Its URL has another origin than the one that the values of its headers were sealed for. Nothing was changed.
    Moved,
    /// It would have more headers than it may, or longer ones. Nothing was changed.
    TooManyHeaders,
    /// The account's lists of chatbots and filters would take more than they may. Nothing was changed.
    RoutesTooLong,
    /// The account has no such endpoint.
    EndpointNotFound,
}

answered_in_words! {
    ChangeOutcome {
        "changed" => Changed(endpoint),
        "mismatch" => Mismatch,
        "type_gone" => TypeGone(name),
        "type_forbidden" => TypeForbidden(name),
        "not_disabled" => NotDisabled,
        "moved" => Moved,
        "too_many_headers" => TooManyHeaders,
        "routes_too_long" => RoutesTooLong,
        "" => EndpointNotFound,
    }
}

/// What came of removing an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveOutcome {
    /// It is gone.
    Removed,
    /// It doesn't meet the condition. Nothing was changed.
    Mismatch,
    /// The account has no such endpoint.
    EndpointNotFound,
}

answered_in_words! {
    RemoveOutcome {
        "removed" => Removed,
        "mismatch" => Mismatch,
        "" => EndpointNotFound,
    }
}

script! {
    /// Changes an endpoint, if it meets a condition.
    "endpoint_update" = ["endpoint_update/headers", "endpoint_update"]: AllowOom, Writes,
        needs [OWNER, TERMS, PENDING, ROUTES, FILTERS, TYPES, LOG, SWEEPS, ENABLE, STOP, FORWARD, HERE];
    struct EndpointUpdate<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        operation: &'a str,
        condition: &'a Condition,
        /// The event types that it subscribes to from now on; none if that doesn't change.
        types: &'a str,
        state: Option<&'static str>,
        parked: &'a str,
        /// Who changes it.
        by: Option<&'a str>,
        /// What the values of headers are sealed for; absent if none are given.
        headers_origin: Option<&'a str>,
        /// Whether they take the place of all that there are.
        clears_headers: bool,
        most_headers: usize,
        most_header_bytes: usize,
        most_route_bytes: usize;
        each change: Vec<Change<'a>>;
        each header: Vec<HeaderChange<'a>>
    } -> ChangeOutcome
}

record! {
    /// A field that gets a value, or none.
    struct Change<'a> { field: &'static str, value: Option<&'a str> }
}

record! {
    /// A header that gets a value, or goes.
    struct HeaderChange<'a> { name: &'a CustomName, sealed: Option<&'a SealedHeader> }
}

script! {
    /// Removes an endpoint, if it meets a condition.
    "endpoint_remove": AllowOom, Writes, needs [OWNER, REMOVAL, HERE];
    struct EndpointRemove<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        operation: &'a str,
        condition: &'a Condition
    } -> RemoveOutcome
}

impl<'a> HeaderChange<'a> {
    fn all_of(patch: &'a HeadersPatch) -> impl Iterator<Item = Self> {
        let changes = patch.headers.iter();
        changes.map(|(name, sealed)| Self {
            name,
            sealed: sealed.as_ref(),
        })
    }
}

impl Store {
    /// Changes an endpoint in one step, if it meets the condition at that moment.
    ///
    /// Switching on zeroes the failure counter, starts a new generation and releases (or discards) what was parked. That, and
    /// another URL, ends a hold and starts slowly.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or when the endpoint is to be paused in a store of before.
    pub async fn change_endpoint(
        &self,
        account: &AccountId,
        id: &EndpointId,
        patch: &EndpointPatch,
        condition: &Condition,
    ) -> Result<ChangeOutcome, StoreError> {
        let events = patch.events.as_deref().map(join);
        let chatbots = patch.chatbots.as_ref().map(Chatbots::to_stored);
        let filters = patch.filters.as_ref().map(Filters::to_stored);
        let rate_limit = patch.rate_limit.map(|limit| limit.map(|limit| limit.to_string()));
        let changes = [
            ("url", patch.url.as_ref().map(EndpointUrl::as_str).map(Some)),
            ("events", events.as_deref().map(Some)),
            ("chatbotId", chatbots.as_ref().map(Option::as_deref)),
            ("filters", filters.as_ref().map(Option::as_deref)),
            ("description", patch.description.as_ref().map(Option::as_deref)),
            ("rateLimit", rate_limit.as_ref().map(Option::as_deref)),
            ("autoResume", patch.auto_resume.map(|on| on.then_some("1"))),
        ];
        self.call(&EndpointUpdate {
            endpoint: id,
            account,
            operation: &operation_id(),
            condition,
            types: &types_of(patch.events.as_deref().unwrap_or_default()),
            state: patch.state.map(StateChange::as_str),
            parked: match patch.parked {
                ParkedAction::Deliver => "deliver",
                ParkedAction::Discard => "discard",
            },
            by: patch.by.as_deref(),
            headers_origin: patch.headers.as_ref().map(|headers| headers.origin.as_str()),
            clears_headers: patch.headers.as_ref().is_some_and(|headers| headers.clears),
            most_headers: MAX_HEADERS,
            most_header_bytes: MAX_HEADER_BYTES,
            most_route_bytes: MOST_ROUTE_BYTES,
            change: changes
                .into_iter()
                .filter_map(|(field, value)| Some(Change { field, value: value? }))
                .collect(),
            header: patch.headers.iter().flat_map(HeaderChange::all_of).collect(),
        })
        .await
    }

    /// Changes an endpoint whatever it is like; `None` when it doesn't exist or belongs to another account.
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
        let outcome = self
            .change_endpoint(account, id, patch, &Condition::Exists)
            .await?;
        Ok(match outcome {
            ChangeOutcome::Changed(endpoint) => Some(*endpoint),
            _ => None,
        })
    }

    /// Removes an endpoint with its queue and its log, if it meets the condition at that moment.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn remove_endpoint_if(
        &self,
        account: &AccountId,
        id: &EndpointId,
        condition: &Condition,
    ) -> Result<RemoveOutcome, StoreError> {
        self.call(&EndpointRemove {
            endpoint: id,
            account,
            operation: &operation_id(),
            condition,
        })
        .await
    }

    /// Removes an endpoint whatever it is like; `false` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn remove_endpoint(&self, account: &AccountId, id: &EndpointId) -> Result<bool, StoreError> {
        let outcome = self.remove_endpoint_if(account, id, &Condition::Exists).await?;
        Ok(outcome == RemoveOutcome::Removed)
    }
}
