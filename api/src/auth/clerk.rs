//! Session tokens: who is signed in at the dashboard, and for which account.
//!
//! We accept a token if one of Clerk's keys signed it with RS256, it is valid now (give or take 5 s), we allow its issuer and
//! its party, and it belongs to a session that is not pending. Machine tokens and tokens made from templates have no session
//! id, so we refuse them. What the claims mean stands in [`super::claims`].
//!
//! Tokens of another issuer may be signed with ES256, too; an audience stands for the party, and [`super::oidc`] says what their
//! claims mean.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::AccountId;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::claims::{Claims, Rules, Session};
use super::jwks::{Jwks, NoKey};
use super::oidc::OidcRules;
use super::{AuthError, is_key};

const MAX_TOKEN: usize = 8 * 1024;
const SKEW_SECONDS: u64 = 5;

/// Where the keys that verify tokens come from.
#[derive(Debug)]
pub enum KeySource {
    /// One fixed key (`CLERK_JWT_KEY`).
    Pem(DecodingKey),
    /// A key set that we fetch (`CLERK_JWKS_URL`).
    Jwks(Box<Jwks>),
}

/// Verifies session tokens.
#[derive(Debug)]
pub struct SessionVerifier {
    keys: KeySource,
    /// For each algorithm that tokens may be signed with.
    validations: Vec<(Algorithm, Validation)>,
    meaning: Meaning,
}

/// What the claims of a token mean.
#[derive(Debug)]
enum Meaning {
    Clerk(Rules),
    OpenId(OidcRules),
}

impl SessionVerifier {
    /// Makes a verifier of Clerk's tokens that goes by these rules.
    #[must_use]
    pub fn new(keys: KeySource, rules: Rules) -> Self {
        // They carry no audience unless a customer adds one for services of its own.
        let validation = validation(Algorithm::RS256, rules.issuer.as_deref(), None);
        Self {
            keys,
            validations: vec![(Algorithm::RS256, validation)],
            meaning: Meaning::Clerk(rules),
        }
    }

    /// Makes a verifier of another issuer's tokens.
    #[must_use]
    pub fn of_issuer(keys: KeySource, rules: OidcRules) -> Self {
        let for_algorithm = |algorithm| {
            let (issuer, audience) = (Some(rules.issuer.as_str()), rules.audience.as_deref());
            (algorithm, validation(algorithm, issuer, audience))
        };
        Self {
            keys,
            validations: [Algorithm::RS256, Algorithm::ES256].map(for_algorithm).into(),
            meaning: Meaning::OpenId(rules),
        }
    }

    /// Where its keys come from.
    #[must_use]
    pub const fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// Whether a token of the issuer may stand for this account. Clerk's ids say what they are of; another issuer's may be anything.
    #[must_use]
    pub fn may_name(&self, account: &AccountId) -> bool {
        match self.meaning {
            Meaning::Clerk(_) => account.is_of_clerk(),
            Meaning::OpenId(_) => true,
        }
    }

    /// Says whom a token belongs to.
    ///
    /// # Errors
    ///
    /// [`AuthError`] when it isn't a valid session token.
    pub async fn verify(&self, token: &str) -> Result<Session, AuthError> {
        if is_key(token) {
            return Err(AuthError::NotASessionToken);
        }
        if token.len() > MAX_TOKEN {
            return Err(AuthError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Malformed)?;
        let known = self.validations.iter().find(|(known, _)| *known == header.alg);
        let (_, validation) = known.ok_or(AuthError::Algorithm)?;
        if has_critical_extensions(token) {
            return Err(AuthError::Critical);
        }
        match &self.keys {
            KeySource::Pem(key) => self.session(token, key, validation),
            KeySource::Jwks(jwks) => {
                let id = header.kid.as_deref().ok_or(AuthError::UnknownKey)?;
                let key = jwks.key(id).await.map_err(|error| match error {
                    NoKey::Unknown => AuthError::UnknownKey,
                    NoKey::Unavailable => AuthError::Unavailable,
                })?;
                self.session(token, &key, validation)
            }
        }
    }

    fn session(&self, token: &str, key: &DecodingKey, validation: &Validation) -> Result<Session, AuthError> {
        match &self.meaning {
            Meaning::Clerk(rules) => decode::<Claims>(token, key, validation)?.session(rules),
            Meaning::OpenId(rules) => rules.session(&decode(token, key, validation)?),
        }
    }
}

/// What is checked of a token that is signed with `algorithm`. Without an issuer or an audience any is allowed.
fn validation(algorithm: Algorithm, issuer: Option<&str>, audience: Option<&str>) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = SKEW_SECONDS;
    validation.validate_nbf = true;
    validation.validate_aud = audience.is_some();
    let mut required = vec!["exp"];
    if let Some(issuer) = issuer {
        validation.set_issuer(&[issuer]);
        required.push("iss");
    }
    if let Some(audience) = audience {
        validation.set_audience(&[audience]);
        required.push("aud");
    }
    validation.set_required_spec_claims(&required);
    validation
}

/// The claims of a token whose signature, issuer, audience and time are right.
fn decode<T: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    validation: &Validation,
) -> Result<T, AuthError> {
    match jsonwebtoken::decode::<T>(token, key, validation) {
        Ok(decoded) => Ok(decoded.claims),
        Err(error) => Err(match error.kind() {
            ErrorKind::ExpiredSignature => AuthError::Expired,
            ErrorKind::ImmatureSignature => AuthError::NotYetValid,
            ErrorKind::InvalidIssuer => AuthError::Issuer,
            ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => AuthError::Issuer,
            ErrorKind::InvalidAudience => AuthError::Party,
            ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => AuthError::Party,
            ErrorKind::InvalidSignature => AuthError::Signature,
            ErrorKind::InvalidAlgorithm => AuthError::Algorithm,
            _ => AuthError::Malformed,
        }),
    }
}

/// Whether the token's header names extensions that must be understood (`crit`, RFC 7515 §4.1.11). We understand none.
fn has_critical_extensions(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(&header)
        .is_ok_and(|header| header.contains_key("crit"))
}
