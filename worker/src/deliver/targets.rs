//! Endpoints' records, opened: where to send, and the secrets to sign with. Each is kept until its record changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::delivery::Failure;
use domain::endpoint::{EndpointUrl, UrlError, UrlPolicy, origin_of};
use domain::header_names::HeaderNames;
use domain::id::{AccountId, EndpointId};
use domain::sealing::{HeaderPlace, OpenError, SealedHeaders, SealedSecret, SecretsKeyring};
use domain::seldom::Seldom;
use domain::signing::SigningSecret;
use program::live::Live;
use store::queue::LeasedEndpoint;

use super::masks::Masks;
use crate::egress::Site;
use crate::fault::{Fault, NotAttempted};
use crate::transport::{Fields, Recipient};

/// How many endpoints are kept, and how long the texts of their own headers may be together. When there are more, all are forgotten:
/// opening one again costs microseconds.
const MAX_KEPT: usize = 4096;
const MAX_HEADERS_KEPT: usize = 4 << 20;

/// How often the log says that a secret doesn't open.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Where to send, and how to sign.
#[derive(Debug)]
pub(super) struct Target {
    /// With the endpoint's own headers.
    pub(super) recipient: Arc<Recipient>,
    /// Hide the values of those.
    pub(super) masks: Arc<Masks>,
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
    headers: SealedHeaders,
    secret: SealedSecret,
    previous_secret: Option<SealedSecret>,
    legacy_uses_previous: bool,
}

/// Opens endpoints' records.
#[derive(Debug)]
pub(super) struct Targets {
    policy: UrlPolicy,
    keyring: Live<SecretsKeyring>,
    names: HeaderNames,
    kept: Mutex<Kept>,
    unopened: Mutex<Seldom>,
}

/// The targets that are kept.
#[derive(Debug, Default)]
struct Kept {
    targets: HashMap<EndpointId, (Source, Arc<Target>)>,
    /// How long the texts of their own headers are.
    headers: usize,
}

impl Targets {
    pub(super) fn new(policy: UrlPolicy, keyring: Live<SecretsKeyring>, names: HeaderNames) -> Self {
        Self {
            policy,
            keyring,
            names,
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
        if let Some((source, target)) = self.kept().targets.get(&endpoint.id)
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
        let secret = self.open(endpoint, &endpoint.secret).map_err(unopened)?;
        let (fields, masks) = self
            .open_headers(endpoint)
            .inspect_err(|error| self.log_unopened(endpoint, error))
            .map_err(unopened)?;
        let target = Arc::new(Target {
            site: Site::of(url.as_url().host_str().unwrap_or_default()),
            recipient: Recipient::new(url.as_url().clone(), &fields),
            masks: Arc::new(masks),
            secret,
            // If it doesn't open, the delivery is sent all the same: the new secret is the one that counts.
            previous: endpoint
                .previous_secret
                .as_ref()
                .and_then(|previous| self.open(endpoint, previous).ok()),
            legacy_uses_previous: endpoint.legacy_uses_previous,
        });
        self.kept().keep(endpoint, &target);
        Ok(target)
    }

    /// The endpoint's own headers as they are sent, and what hides their values. One whose name is ours, since `HEADER_PREFIX` was another
    /// when it was set, is left out.
    fn open_headers(&self, endpoint: &LeasedEndpoint) -> Result<(Fields, Masks), OpenError> {
        let (mut fields, mut values) = (Fields::none(), Vec::new());
        if !endpoint.headers.is_well_formed() {
            return Err(OpenError::Damaged);
        }
        let place = HeaderPlace {
            account: &endpoint.account,
            endpoint: &endpoint.id,
            origin: origin_of(&endpoint.url),
        };
        let keyring = self.keyring.get();
        for (name, sealed) in endpoint.headers.iter().filter(|(name, _)| !self.names.has(name)) {
            let value = keyring.open_header(name, &sealed, place)?;
            fields.add(name, value.expose()).map_err(|_| OpenError::Damaged)?;
            values.push(value);
        }
        Ok((fields, Masks::of(values)))
    }

    /// Opens a secret of an endpoint, or tells the operator that it doesn't open.
    fn open(&self, endpoint: &LeasedEndpoint, secret: &SealedSecret) -> Result<SigningSecret, OpenError> {
        self.keyring
            .get()
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
                "a signing secret, or a header of the endpoint's own, doesn't open: check SECRETS_KEY; the deliveries of such endpoints wait, unless it is \
                 only their previous one"
            );
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, endpoint: &LeasedEndpoint, target: &Arc<Target>) {
        let length = endpoint.headers.as_str().len();
        if self.targets.len() >= MAX_KEPT || self.headers + length > MAX_HEADERS_KEPT {
            *self = Self::default();
        }
        self.headers += length;
        let kept = (Source::of(endpoint), Arc::clone(target));
        let replaced = self.targets.insert(endpoint.id.clone(), kept);
        self.headers -= replaced.map_or(0, |(source, _)| source.headers.as_str().len());
    }
}

/// What it means that something of an endpoint doesn't open.
fn unopened(error: OpenError) -> NotAttempted {
    match error {
        OpenError::UnknownKey(_) => NotAttempted::Secret,
        OpenError::Damaged => NotAttempted::DamagedSecret,
    }
}

impl Source {
    fn of(endpoint: &LeasedEndpoint) -> Self {
        Self {
            account: endpoint.account.clone(),
            url: endpoint.url.clone(),
            headers: endpoint.headers.clone(),
            secret: endpoint.secret.clone(),
            previous_secret: endpoint.previous_secret.clone(),
            legacy_uses_previous: endpoint.legacy_uses_previous,
        }
    }

    fn is_of(&self, endpoint: &LeasedEndpoint) -> bool {
        self.secret == endpoint.secret
            && self.url == endpoint.url
            && self.headers == endpoint.headers
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
