//! Endpoints in the store.

use crate::endpoint::{Endpoint, EndpointPatch, NewEndpoint};
use crate::id::{AccountId, EndpointId};

use super::{Store, StoreError};

/// What came of making an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "returned once per call and taken apart at once"
)]
pub enum CreateOutcome {
    /// It exists now.
    Created(Endpoint),
    /// The account already has as many as it may.
    TooMany,
}

impl Store {
    /// Makes an endpoint, unless the account has `limit` already. Repeating it with the same id changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn create_endpoint(&self, new: &NewEndpoint, limit: u32) -> Result<CreateOutcome, StoreError> {
        todo!()
    }

    /// All endpoints of an account, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn list_endpoints(&self, account: &AccountId) -> Result<Vec<Endpoint>, StoreError> {
        todo!()
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
        todo!()
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
        todo!()
    }

    /// Removes an endpoint with its queue and its log; `false` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn remove_endpoint(&self, account: &AccountId, id: &EndpointId) -> Result<bool, StoreError> {
        todo!()
    }
}
