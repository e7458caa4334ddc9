//! Endpoints' records, opened: where to send, and the secrets to sign with. Each is kept until its record changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::delivery::Failure;
use domain::endpoint::{EndpointUrl, UrlError, UrlPolicy};
use domain::id::{AccountId, EndpointId};
use domain::sealing::{OpenError, SealedSecret, SecretsKeyring};
use domain::seldom::Seldom;
use domain::signing::SigningSecret;
use store::queue::LeasedEndpoint;

use crate::egress::Site;
use crate::fault::{Fault, NotAttempted};
use crate::transport::Recipient;

/// How many endpoints are kept. When there are more, all are forgotten: opening one again costs microseconds.
const MAX_KEPT: usize = 4096;

/// How often the log says that a secret doesn't open.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Where to send, and how to sign.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) recipient: Arc<Recipient>,
    /// Its site, for the judges of our own network.
    pub(super) site: Site,
    pub(super) secret: SigningSecret,
    /// The secret before the last rotation, during its grace.
    pub(super) previous: Option<SigningSecret>,
    /// Which of the two makes `X-RKT-Signature`.
    pub(super) legacy_uses_previous: bool,
}

/// What a target was derived from: all of it, and not a number that a store may count twice when it was set back.
#[derive(Debug, PartialEq, Eq)]
struct Source {
    account: AccountId,
    url: String,
    secret: SealedSecret,
    previous_secret: Option<SealedSecret>,
    legacy_uses_previous: bool,
}

/// Opens endpoints' records.
#[derive(Debug)]
pub(super) struct Targets {
    policy: UrlPolicy,
    keyring: SecretsKeyring,
    kept: Mutex<HashMap<EndpointId, (Source, Arc<Target>)>>,
    unopened: Mutex<Seldom>,
}

impl Targets {
    pub(super) fn new(policy: UrlPolicy, keyring: SecretsKeyring) -> Self {
        Self {
            policy,
            keyring,
            kept: Mutex::default(),
            unopened: Mutex::new(Seldom::every(SAY_EVERY)),
        }
    }

    /// The target of an endpoint. Its URL is checked by its text, literal addresses included: those never reach the
    /// resolver.
    ///
    /// # Errors
    ///
    /// When the stored URL may not be used (any more), or the secret doesn't open; the operator has been told that.
    pub(super) fn find(&self, endpoint: &LeasedEndpoint) -> Result<Arc<Target>, Fault> {
        if let Some((source, target)) = self.kept().get(&endpoint.id)
            && source.is_of(endpoint)
        {
            return Ok(Arc::clone(target));
        }
        let url = EndpointUrl::parse(&endpoint.url, &self.policy).map_err(|error| {
            let failure = match error {
                UrlError::Address(_) | UrlError::Local(_) | UrlError::SingleLabel(_) => {
                    Failure::BlockedAddress
                }
                _ => Failure::Url,
            };
            Fault::Receiver(failure, format!("the URL {error}"))
        })?;
        // A record whose two secrets have changed places was not written by us. It must not bring a replaced secret back.
        if let Some(previous) = &endpoint.previous_secret
            && !previous.may_precede(&endpoint.secret)
        {
            self.log_unopened(endpoint, &OpenError::Damaged);
            return Err(NotAttempted::DamagedSecret.into());
        }
        let secret = self
            .open(endpoint, &endpoint.secret)
            .map_err(|error| match error {
                OpenError::UnknownKey(_) => NotAttempted::Secret,
                OpenError::Damaged => NotAttempted::DamagedSecret,
            })?;
        let target = Arc::new(Target {
            site: Site::of(url.as_url().host_str().unwrap_or_default()),
            recipient: Recipient::new(url.as_url().clone()),
            secret,
            // If it doesn't open, the delivery is sent all the same: the new secret is the one that counts.
            previous: endpoint
                .previous_secret
                .as_ref()
                .and_then(|previous| self.open(endpoint, previous).ok()),
            legacy_uses_previous: endpoint.legacy_uses_previous,
        });
        let mut kept = self.kept();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(endpoint.id.clone(), (Source::of(endpoint), Arc::clone(&target)));
        Ok(target)
    }

    /// Opens a secret of an endpoint, or tells the operator that it doesn't open.
    fn open(&self, endpoint: &LeasedEndpoint, secret: &SealedSecret) -> Result<SigningSecret, OpenError> {
        self.keyring
            .open(secret, &endpoint.account, &endpoint.id)
            .inspect_err(|error| self.log_unopened(endpoint, error))
    }

    /// Tells the operator that a secret doesn't open, but not for each delivery.
    fn log_unopened(&self, endpoint: &LeasedEndpoint, error: &OpenError) {
        let mut unopened = self.unopened.lock().unwrap_or_else(PoisonError::into_inner);
        if unopened.is_due(Instant::now()) {
            tracing::error!(
                endpoint = %endpoint.id,
                %error,
                "a signing secret doesn't open: check SECRETS_KEY; the deliveries of such endpoints wait, unless it is \
                 only their previous one"
            );
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<EndpointId, (Source, Arc<Target>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    fn of(endpoint: &LeasedEndpoint) -> Self {
        Self {
            account: endpoint.account.clone(),
            url: endpoint.url.clone(),
            secret: endpoint.secret.clone(),
            previous_secret: endpoint.previous_secret.clone(),
            legacy_uses_previous: endpoint.legacy_uses_previous,
        }
    }

    fn is_of(&self, endpoint: &LeasedEndpoint) -> bool {
        self.secret == endpoint.secret
            && self.url == endpoint.url
            && self.previous_secret == endpoint.previous_secret
            && self.legacy_uses_previous == endpoint.legacy_uses_previous
            && self.account == endpoint.account
    }
}

impl Target {
    /// The value of `webhook-signature`: one signature for each secret that is valid now, the newest first.
    pub(super) fn standard_signatures(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let newest = self.secret.standard_signature(id, timestamp, body);
        match &self.previous {
            Some(previous) => format!("{newest} {}", previous.standard_signature(id, timestamp, body)),
            None => newest,
        }
    }

    /// The value of `X-RKT-Signature`, which has room for one.
    pub(super) fn legacy_signature(&self, body: &[u8]) -> String {
        let chosen = self.previous.as_ref().filter(|_| self.legacy_uses_previous);
        chosen.unwrap_or(&self.secret).legacy_signature(body)
    }
}

#[cfg(test)]
mod tests;
