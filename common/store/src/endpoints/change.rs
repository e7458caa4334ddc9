//! Changing and removing endpoints.

use domain::endpoint::{Condition, Endpoint, EndpointPatch, EndpointUrl, ParkedAction};
use domain::id::{AccountId, EndpointId};

use super::{join, operation_id};
use crate::scripts::{answered_in_words, record, script};
use crate::{Store, StoreError};

/// What came of changing an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It is now as wanted.
    Changed(Box<Endpoint>),
    /// It doesn't meet the condition. Nothing was changed.
    Mismatch,
    /// The account has no such endpoint.
    EndpointNotFound,
}

answered_in_words! {
    ChangeOutcome {
        "changed" => Changed(endpoint),
        "mismatch" => Mismatch,
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
    "endpoint_update": AllowOom, Writes, needs [OWNER, ROUTES, LOG, SWEEPS, ENABLE, FORWARD];
    struct EndpointUpdate<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        operation: &'a str,
        condition: &'a Condition,
        active: Option<bool>,
        parked: &'a str,
        /// Who changes it.
        by: Option<&'a str>;
        each change: Vec<Change<'a>>
    } -> ChangeOutcome
}

record! {
    /// A field that gets a value, or none.
    struct Change<'a> { field: &'static str, value: Option<&'a str> }
}

script! {
    /// Removes an endpoint, if it meets a condition.
    "endpoint_remove": AllowOom, Writes, needs [OWNER, SWEEPS];
    struct EndpointRemove<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        operation: &'a str,
        condition: &'a Condition
    } -> RemoveOutcome
}

impl Store {
    /// Changes an endpoint in one step, if it meets the condition at that moment.
    ///
    /// Switching on zeroes the failure counter, starts a new generation and releases (or discards) what was parked. That, and
    /// another URL, ends a hold and starts slowly.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn change_endpoint(
        &self,
        account: &AccountId,
        id: &EndpointId,
        patch: &EndpointPatch,
        condition: &Condition,
    ) -> Result<ChangeOutcome, StoreError> {
        let events = patch.events.as_deref().map(join);
        let rate_limit = patch.rate_limit.map(|limit| limit.map(|limit| limit.to_string()));
        let changes = [
            ("url", patch.url.as_ref().map(EndpointUrl::as_str).map(Some)),
            ("events", events.as_deref().map(Some)),
            ("chatbotId", patch.chatbot_id.as_ref().map(Option::as_deref)),
            ("description", patch.description.as_ref().map(Option::as_deref)),
            ("rateLimit", rate_limit.as_ref().map(Option::as_deref)),
            ("autoResume", patch.auto_resume.map(|on| on.then_some("1"))),
        ];
        self.call(&EndpointUpdate {
            endpoint: id,
            account,
            operation: &operation_id(),
            condition,
            active: patch.active,
            parked: match patch.parked {
                ParkedAction::Deliver => "deliver",
                ParkedAction::Discard => "discard",
            },
            by: patch.by.as_deref(),
            change: changes
                .into_iter()
                .filter_map(|(field, value)| Some(Change { field, value: value? }))
                .collect(),
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
            ChangeOutcome::Mismatch | ChangeOutcome::EndpointNotFound => None,
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
