//! Rotating an endpoint's signing secret.

use std::time::Duration;

use domain::signing::SigningSecret;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::{Deserialize, Serialize};
use store::rotation::{RotateOutcome, Rotation};

use super::super::schema::{DateTime, present};
use super::super::{Call, Group, Resource, fields};
use super::detail::LegacySignature;
use super::made::CreatedEndpoint;
use crate::app::App;
use crate::caller::Caller;
use crate::headers::IfMatch;
use crate::json::{Json, JsonRequest, OptionalJson};
use crate::problem::{Code, Problem};

/// The grace period when the request names none, in hours.
const DEFAULT_GRACE: i64 = 24;

/// The longest grace period: a week, in hours.
const MAX_GRACE: i64 = 7 * 24;

/// How often a rotation is tried when others overtake it.
const TRIES: usize = 32;

/// Rotating a secret.
#[derive(Debug, Clone, Copy)]
pub struct RotationApi;

/// How to rotate the secret. Every field can be left out.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct RotateSecret {
    /// How long the previous secret goes on signing, in hours; 24 if absent. 0 ends it at once.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(minimum(value = "0"), maximum(value = "168")))]
    grace_hours: Option<i64>,
    /// Rotate even if the grace period of an earlier rotation has not ended. The oldest secret then ends at once.
    #[serde(default, deserialize_with = "present")]
    force: Option<bool>,
    /// Which secret makes `X-RKT-Signature` during the grace period; `new` if absent.
    #[serde(default, deserialize_with = "present")]
    legacy_signature: Option<LegacySignature>,
}

/// An endpoint with its new signing secret.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct RotatedEndpoint {
    /// The endpoint, and its new signing secret.
    #[serde(flatten)]
    #[oai(flatten)]
    endpoint: CreatedEndpoint,
    /// Until then, `webhook-signature` also contains a signature made with the previous secret; `null` if that secret ended at
    /// once.
    #[oai(nullable)]
    previous_secret_valid_until: Option<DateTime>,
}

/// The answer to rotating a secret.
#[derive(Debug, ApiResponse)]
pub(crate) enum Rotated {
    /// The new secret signs from now on.
    #[oai(status = 200)]
    Rotated(
        Json<RotatedEndpoint>,
        /// The endpoint's `etag`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl JsonRequest for RotateSecret {
    fn fault(self, _: &App) -> Option<Problem> {
        grace(&self).err()
    }
}

#[OpenApi(tag = "Group::Endpoints")]
impl RotationApi {
    /// Rotate the signing secret
    ///
    /// Returns a new secret, which is never shown again: save it. During the grace period, `webhook-signature` contains a
    /// signature made with each of the two secrets, so that you can change your receiver over at any moment;
    /// `X-RKT-Signature` is made with the new one, unless `legacySignature` says otherwise. Another rotation within the grace
    /// period needs `force`, and ends the oldest secret at once. If you lose this answer, rotate again with `force`, at a time
    /// when you can change your receiver right away.
    #[oai(
        path = "/api/webhooks-config/:id/rotate-secret",
        method = "post",
        operation_id = "rotateSecret"
    )]
    async fn rotate(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// Rotate only if the endpoint has this `etag`, or one of several; otherwise the answer is 412.
        #[oai(name = "If-Match")]
        condition: IfMatch,
        body: OptionalJson<RotateSecret>,
    ) -> Result<Rotated, Problem> {
        let id = fields::endpoint_id(&id.0)?;
        let (grace, legacy_uses_previous) = grace(&body.0)?;
        let secret = SigningSecret::generate();
        let store = app.store.of(&caller.account)?;
        let mut outcome = RotateOutcome::Overtaken;
        for _ in 0..TRIES {
            let Some(present) = store.signing_secrets(&caller.account, &id).await? else {
                return Err(fields::no_endpoint());
            };
            let rotation = Rotation {
                secret: app
                    .secrets
                    .get()
                    .seal_next(&secret, &present.current, &caller.account, &id),
                grace,
                legacy_uses_previous,
                force: body.0.force.unwrap_or_default(),
                condition: condition.0.clone(),
                by: Some(caller.by.clone()),
            };
            outcome = store.rotate_secret(&caller.account, &id, &rotation).await?;
            if outcome != RotateOutcome::Overtaken {
                break;
            }
        }
        match outcome {
            RotateOutcome::Rotated(endpoint) => {
                let tag = endpoint.tag.to_string();
                let rotated = RotatedEndpoint {
                    previous_secret_valid_until: endpoint
                        .grace
                        .filter(|_| !grace.is_zero())
                        .map(|grace| DateTime(grace.until.to_string())),
                    endpoint: CreatedEndpoint {
                        endpoint: (*endpoint).into(),
                        secret: (&secret).into(),
                    },
                };
                Ok(Rotated::Rotated(Json(rotated), tag))
            }
            RotateOutcome::Mismatch => Err(Problem::new(Code::PreconditionFailed)),
            RotateOutcome::InGrace(until) => Err(Problem::new(Code::RotationInProgress)
                .detail(format!(
                    "The secret before the last rotation is good until {until}. Wait until then, or give `force: true`, which ends \
                     it at once."
                ))
                .param("until", until.to_string())),
            RotateOutcome::Overtaken => Err(Problem::new(Code::RotationInProgress)
                .detail("Others rotate this secret at this moment. Look at the endpoint before you try again.")),
            RotateOutcome::EndpointNotFound => Err(fields::no_endpoint()),
        }
    }
}

impl Resource for RotationApi {
    const CALLS: &'static [Call] = &[Call::new(
        "rotateSecret",
        &[
            Code::InvalidValue,
            Code::RotationInProgress,
            Code::PreconditionFailed,
        ],
    )];
    const EXAMPLES: &'static str = include_str!("rotation.json");
}

/// The grace period, and whether the previous secret makes the legacy signature during it.
fn grace(wanted: &RotateSecret) -> Result<(Duration, bool), Problem> {
    let hours = wanted.grace_hours.unwrap_or(DEFAULT_GRACE);
    let hours = u64::try_from(hours)
        .ok()
        .filter(|_| hours <= MAX_GRACE)
        .ok_or_else(|| {
            Problem::new(Code::InvalidValue)
                .detail(format!("`graceHours` must be from 0 to {MAX_GRACE}."))
                .field("graceHours")
                .param("min", 0)
                .param("max", MAX_GRACE)
        })?;
    let uses_previous = wanted.legacy_signature == Some(LegacySignature::Previous);
    if uses_previous && hours == 0 {
        return Err(Problem::new(Code::InvalidValue)
            .detail("Without a grace there is no previous secret to sign with: leave `legacySignature` out, or give more `graceHours`.")
            .field("legacySignature"));
    }
    Ok((Duration::from_secs(hours * 3600), uses_previous))
}

#[cfg(test)]
mod tests;
