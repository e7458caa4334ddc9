//! Clerk session tokens: who is signed in at the dashboard, and for which account.
//!
//! A token is accepted when it is signed with RS256 by a key of ours, its time is now (5 s of skew), its issuer and
//! its party are allowed, its session is not pending, and it is a session's: machine tokens and tokens made from
//! templates have no session id and are refused.

use domain::id::AccountId;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::jwks::{Jwks, NoKey};
use super::{AuthError, is_key};

const MAX_TOKEN: usize = 8 * 1024;
const SKEW_SECONDS: u64 = 5;

/// Where the keys come from.
#[derive(Debug)]
pub enum KeySource {
    /// One fixed key (`CLERK_JWT_KEY`).
    Pem(DecodingKey),
    /// A key set that is fetched (`CLERK_JWKS_URL`).
    Jwks(Box<Jwks>),
}

/// Verifies session tokens.
#[derive(Debug)]
pub struct SessionVerifier {
    keys: KeySource,
    validation: Validation,
    parties: Vec<String>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The account that it acts for.
    pub account: AccountId,
    /// When the token expires, in seconds since 1970.
    pub expires_at: i64,
}

#[derive(Deserialize)]
struct Claims {
    /// A number of seconds, whole or not.
    exp: f64,
    sub: Option<String>,
    sid: Option<String>,
    azp: Option<String>,
    sts: Option<String>,
    /// Version 1 of Clerk's claims.
    org_id: Option<String>,
    /// Version 2.
    o: Option<Organisation>,
    v: Option<u32>,
}

#[derive(Deserialize)]
struct Organisation {
    id: Option<String>,
}

impl SessionVerifier {
    /// A verifier; with no `issuer` any is allowed, with no `parties` any is allowed.
    #[must_use]
    pub fn new(keys: KeySource, issuer: Option<&str>, parties: Vec<String>) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = SKEW_SECONDS;
        validation.validate_nbf = true;
        // Clerk's session tokens carry no audience unless a customer adds one for services of its own.
        validation.validate_aud = false;
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            validation.set_required_spec_claims(&["exp", "iss"]);
        }
        Self {
            keys,
            validation,
            parties,
        }
    }

    /// Where the keys come from.
    #[must_use]
    pub const fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// Says who a token belongs to.
    ///
    /// # Errors
    ///
    /// [`AuthError`] when it isn't a session token that is valid now.
    pub async fn verify(&self, token: &str) -> Result<Session, AuthError> {
        if is_key(token) {
            return Err(AuthError::NotASessionToken);
        }
        if token.len() > MAX_TOKEN {
            return Err(AuthError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Malformed)?;
        if header.alg != Algorithm::RS256 {
            return Err(AuthError::Algorithm);
        }
        let claims = match &self.keys {
            KeySource::Pem(key) => self.decode(token, key)?,
            KeySource::Jwks(jwks) => {
                let id = header.kid.as_deref().ok_or(AuthError::UnknownKey)?;
                let key = jwks.key(id).await.map_err(|error| match error {
                    NoKey::Unknown => AuthError::UnknownKey,
                    NoKey::Unavailable => AuthError::Unavailable,
                })?;
                self.decode(token, &key)?
            }
        };
        self.session(claims)
    }

    fn decode(&self, token: &str, key: &DecodingKey) -> Result<Claims, AuthError> {
        match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
            Ok(decoded) => Ok(decoded.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::ExpiredSignature => AuthError::Expired,
                ErrorKind::ImmatureSignature => AuthError::NotYetValid,
                ErrorKind::InvalidIssuer => AuthError::Issuer,
                ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => AuthError::Issuer,
                ErrorKind::InvalidSignature => AuthError::Signature,
                ErrorKind::InvalidAlgorithm => AuthError::Algorithm,
                _ => AuthError::Malformed,
            }),
        }
    }

    /// Judges the claims of a token whose signature and time are right.
    fn session(&self, claims: Claims) -> Result<Session, AuthError> {
        if let Some(party) = &claims.azp
            && !self.parties.is_empty()
            && !self.parties.contains(party)
        {
            return Err(AuthError::Party);
        }
        let subject = claims.sub.unwrap_or_default();
        if claims.sid.is_none_or(|id| id.is_empty()) || !subject.starts_with("user_") {
            return Err(AuthError::NotASession);
        }
        if claims.sts.as_deref() == Some("pending") {
            return Err(AuthError::Pending);
        }
        let organisation = if claims.v == Some(2) {
            claims.o.and_then(|organisation| organisation.id)
        } else {
            claims.org_id
        };
        let account = match organisation {
            Some(id) => format!("org:{id}"),
            None => format!("user:{subject}"),
        };
        let account = account.parse().map_err(|_| AuthError::Malformed)?;
        Ok(Session {
            account,
            expires_at: claims.exp as i64,
        })
    }
}
