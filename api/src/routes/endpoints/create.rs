//! Creating an endpoint, once for each idempotency key.

use domain::custom_headers::{CustomName, CustomValue};
use domain::endpoint::{Endpoint, NewEndpoint, RateLimit, origin_of};
use domain::event::Subscription;
use domain::id::{AccountId, EndpointId};
use domain::sealing::{HeaderPlace, SecretsKeyring, Tag};
use domain::signing::SigningSecret;
use sha2::{Digest, Sha256};
use store::accounts::AccountLimits;
use store::endpoints::CreateOutcome;
use store::events::Idempotency;
use subtle::ConstantTimeEq as _;

use super::super::idempotency::{IdempotencyHeader, plain};
use super::headers;
use super::list::is_unusual;
use super::made::{Created, CreatedEndpoint};
use super::one::routes_too_long;
use super::request::CreateEndpoint;
use super::view::EndpointView;
use super::warning::{self, Warning};
use crate::access::Kind;
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Creates an endpoint. What a key has created already is answered again, with the secret that it has kept sealed.
pub(super) async fn create(
    app: &App,
    caller: &Caller,
    body: CreateEndpoint,
    key: Option<IdempotencyHeader>,
) -> Result<Created, Problem> {
    let wanted = body.wanted(app)?;
    if wanted.secret.is_some() && caller.kind != Kind::Manage {
        return Err(Problem::new(Code::InsufficientScope)
            .detail("Only a `manage` key of the backend may bring a secret along. Leave `secret` out: a new one is made.")
            .field("secret"));
    }
    let id = EndpointId::random();
    let brought = wanted.secret.clone();
    let secret = brought.clone().unwrap_or_else(SigningSecret::generate);
    let keys = app.secrets.get();
    let sealed = keys.seal(&secret, &caller.account, &id);
    let place = HeaderPlace {
        account: &caller.account,
        endpoint: &id,
        origin: origin_of(wanted.url.as_str()),
    };
    let headers = headers::sealed(&wanted.headers, &keys, place);
    let stands_for_headers = tag_of(&wanted.headers, &keys);
    let new = wanted.into_new(id, caller, sealed, headers);
    let idempotency = key.map(|IdempotencyHeader(key)| Idempotency {
        key: plain(&key).into_owned(),
        fingerprint: fingerprint(&new, stands_for_headers, brought.is_some()),
        ..Idempotency::default()
    });
    let most = app.allowance.endpoints;
    let store = app.store.of(&caller.account)?;
    let is_unknown = is_unusual(app, caller) && store.endpoint_ids(&caller.account).await?.is_empty();
    match store
        .create_endpoint_once(&new, most, idempotency.as_ref())
        .await?
    {
        CreateOutcome::Created(endpoint) => Ok(answer(app, *endpoint, &secret, is_unknown)),
        CreateOutcome::Again(endpoint, sealed) => {
            let opened = keys.open(&sealed, &endpoint.account, &endpoint.id);
            let kept = opened.map_err(|error| {
                tracing::error!(endpoint = %endpoint.id, %error, "a signing secret could not be opened");
                Problem::new(Code::InternalError)
            })?;
            // No hash of a secret is kept with the key, so the secrets themselves are compared.
            if brought.is_some_and(|brought| !are_same(&brought, &kept)) {
                return Err(conflict());
            }
            Ok(answer(app, *endpoint, &kept, false))
        }
        CreateOutcome::Overtaken(id) => Err(Problem::new(Code::IdempotencyConflict).detail(format!(
            "`{id}` was created with this key, and was removed since, or has another secret now. Use a new key for a new endpoint."
        ))),
        CreateOutcome::IdempotencyConflict => Err(conflict()),
        CreateOutcome::TypeGone(name) => Err(Problem::type_gone(&name)),
        CreateOutcome::TypeForbidden(name) => Err(Problem::type_not_allowed(&name)),
        CreateOutcome::RoutesTooLong => Err(routes_too_long()),
        CreateOutcome::TooMany(most) => Err(too_many(most)),
    }
}

/// The key was used for another endpoint.
fn conflict() -> Problem {
    Problem::new(Code::IdempotencyConflict)
        .detail("An endpoint with other settings was created with this key within the last 24 hours. Use a new key for a new endpoint.")
}

/// Whether two secrets are the same, in a time that doesn't tell where they differ.
fn are_same(one: &SigningSecret, other: &SigningSecret) -> bool {
    one.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
}

/// Refuses an endpoint that the account's limits don't allow as they are now. Returns what is the account's own of them.
pub(super) async fn has_room(
    app: &App,
    account: &AccountId,
    events: &[Subscription],
) -> Result<AccountLimits, Problem> {
    let store = app.store.of(account)?;
    let endpoints = store.endpoint_ids(account).await?;
    let limits = store.account_limits(account).await?;
    let most = limits.endpoints.unwrap_or(app.allowance.endpoints);
    if endpoints.len() >= most as usize {
        return Err(too_many(most));
    }
    match events.iter().find(|event| !limits.allow(**event)) {
        Some(forbidden) => Err(Problem::type_not_allowed(forbidden.as_str())),
        None => Ok(limits),
    }
}

/// The account has as many endpoints as it may have.
fn too_many(most: u32) -> Problem {
    Problem::new(Code::TooManyEndpoints)
        .detail(format!(
            "The account may have {most} endpoints. {}",
            Code::TooManyEndpoints.advice()
        ))
        .param("max", most)
}

/// The new endpoint; `is_unknown`: of an account that is probably misspelt.
fn answer(app: &App, endpoint: Endpoint, secret: &SigningSecret, is_unknown: bool) -> Created {
    let location = format!("/api/webhooks-config/{}", endpoint.id);
    let tag = endpoint.tag.to_string();
    let mut warnings = warning::about(&endpoint.events, &app.event_types).unwrap_or_default();
    warnings.extend(is_unknown.then(Warning::unknown_account));
    let warnings = (!warnings.is_empty()).then_some(warnings);
    let created = CreatedEndpoint {
        endpoint: EndpointView::warned(endpoint, warnings),
        secret: secret.into(),
    };
    Created::Created(Json(created), location, tag)
}

/// What stands for headers that were asked for; `None` without any. Their values are secrets, so nobody must be able to try some out: a
/// plain hash would let whoever reads Redis do that.
fn tag_of(headers: &[(CustomName, CustomValue)], keys: &SecretsKeyring) -> Option<Tag> {
    let parts = headers
        .iter()
        .flat_map(|(name, value)| [name.as_str(), value.expose()]);
    let parts: Vec<_> = parts.map(str::as_bytes).collect();
    (!parts.is_empty()).then(|| keys.tag(&parts))
}

/// A hash of what was asked for: what was left out is the same as its default.
///
/// It is kept with the key for a day, so it has to stay the same from one release to the next. `headers` stands for those that were asked
/// for; of a secret that was brought along, only that there was one is a part.
fn fingerprint(new: &NewEndpoint, headers: Option<Tag>, brings_secret: bool) -> String {
    let NewEndpoint {
        id: _,
        account: _,
        url,
        events,
        chatbots,
        filters,
        description,
        headers: _,
        rate_limit,
        auto_resume,
        active,
        by: _,
        secret: _,
    } = new;
    let events: Vec<_> = events.iter().map(|event| event.as_str()).collect();
    let given = (
        url.as_str(),
        events,
        chatbots.only(),
        description,
        rate_limit.map(RateLimit::per_second),
        auto_resume,
        active,
    );
    let mut text = serde_json::to_vec(&given).unwrap_or_default();
    text.extend(headers.iter().flatten());
    if brings_secret {
        text.extend_from_slice(b"secret");
    }
    // What no release before knew.
    text.extend(
        chatbots
            .to_stored()
            .filter(|_| chatbots.ids().len() > 1)
            .iter()
            .flat_map(|text| text.bytes()),
    );
    text.extend(filters.to_stored().iter().flat_map(|text| text.bytes()));
    hex::encode(&Sha256::digest(text)[..16])
}

#[cfg(test)]
mod tests;
