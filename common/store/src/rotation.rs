//! Rotating signing secrets: the new one signs at once, and the one before signs too until its grace ends.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::{Condition, Endpoint};
use domain::id::{AccountId, EndpointId};
use domain::sealing::SealedSecret;

use super::scripts::{answered_in_words, script};
use super::{Store, StoreError};

/// A rotation to make.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The new secret, sealed before the call as the next of the endpoint's, so that the call can be repeated.
    pub secret: SealedSecret,
    /// How long the secret before signs too.
    pub grace: Duration,
    /// Until then the secret before makes `X-RKT-Signature`.
    pub legacy_uses_previous: bool,
    /// Rotate even while the grace of an earlier rotation lasts: the oldest secret ends at once.
    pub force: bool,
    /// What the endpoint must be like.
    pub condition: Condition,
    /// Who rotates.
    pub by: Option<String>,
}

/// What came of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateOutcome {
    /// The new secret signs.
    Rotated(Box<Endpoint>),
    /// The grace of an earlier rotation lasts until then. Nothing was changed.
    InGrace(Timestamp),
    /// Another rotation came first, so this secret isn't the next one. Nothing was changed.
    Overtaken,
    /// The endpoint doesn't meet the condition. Nothing was changed.
    Mismatch,
    /// The account has no such endpoint.
    EndpointNotFound,
}

answered_in_words! {
    RotateOutcome {
        "rotated" => Rotated(endpoint),
        "in_grace" => InGrace(until),
        "overtaken" => Overtaken,
        "mismatch" => Mismatch,
        "" => EndpointNotFound,
    }
}

script! {
    /// Gives an endpoint a new secret, if it meets a condition.
    "endpoint_rotate": AllowOom, Writes, needs [OWNER, LOG, OPERATOR, HERE];
    struct EndpointRotate<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        condition: &'a Condition,
        secret: &'a SealedSecret,
        grace: Duration,
        /// The secret that makes the legacy signature: `new` or `previous`.
        legacy: &'a str,
        force: bool,
        /// Who rotates.
        by: Option<&'a str>
    } -> RotateOutcome
}

/// The secrets of an endpoint, sealed.
#[derive(Debug, Clone)]
pub struct SigningSecrets {
    /// The one that signs.
    pub current: SealedSecret,
    /// The one before the last rotation.
    pub previous: Option<PreviousSecret>,
}

/// A secret that was replaced.
#[derive(Debug, Clone)]
pub struct PreviousSecret {
    /// The secret, sealed.
    pub secret: SealedSecret,
    /// Until when it signs, or signed, too.
    pub until: Timestamp,
    /// Whether it is the one that makes `X-RKT-Signature` until then.
    pub signs_legacy: bool,
}

impl Store {
    /// Gives an endpoint a new secret, if it meets the condition at that moment. Repeating the call changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn rotate_secret(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        rotation: &Rotation,
    ) -> Result<RotateOutcome, StoreError> {
        self.call(&EndpointRotate {
            endpoint,
            account,
            condition: &rotation.condition,
            secret: &rotation.secret,
            grace: rotation.grace,
            legacy: if rotation.legacy_uses_previous {
                "previous"
            } else {
                "new"
            },
            force: rotation.force,
            by: rotation.by.as_deref(),
        })
        .await
    }

    /// The secrets of an endpoint; `None` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn signing_secrets(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<Option<SigningSecrets>, StoreError> {
        type Fields = (
            Option<String>,
            Option<String>,
            Option<String>,
            Option<i64>,
            Option<String>,
        );
        let key = self.keys().key(&format!("endpoint:{endpoint}"));
        let mut command = redis::cmd("HMGET");
        command.arg(key).arg("account").arg("secret");
        command
            .arg("previousSecret")
            .arg("previousSecretUntil")
            .arg("legacySignature");
        let (owner, current, previous, until, legacy): Fields = self
            .query(&command)
            .await
            .or_else(|error: StoreError| error.unless_overwritten((None, None, None, None, None)))?;
        let Some(current) = current.filter(|_| owner.as_deref() == Some(account.as_str())) else {
            return Ok(None);
        };
        let until = until.and_then(Timestamp::from_millis);
        Ok(Some(SigningSecrets {
            current: SealedSecret::from_stored(current),
            previous: previous.zip(until).map(|(secret, until)| PreviousSecret {
                secret: SealedSecret::from_stored(secret),
                until,
                signs_legacy: legacy.as_deref() == Some("previous"),
            }),
        }))
    }
}
