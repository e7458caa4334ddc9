//! What is derived from an endpoint's record, URL and opened secret, kept by the record's version.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::delivery::Failure;
use common::endpoint::{EndpointUrl, UrlError, UrlPolicy};
use common::id::EndpointId;
use common::sealing::{OpenError, SecretsKeyring};
use common::signing::SigningSecret;
use common::store::queue::LeasedEndpoint;

/// How many endpoints are kept. When there are more, all are forgotten: opening one again costs microseconds.
const MAX_KEPT: usize = 4096;

/// How often an endpoint's secret is complained about.
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);

/// Where to send, and how to sign.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: EndpointUrl,
    pub(super) secret: SigningSecret,
}

/// Why there is no target.
#[derive(Debug)]
pub(super) enum NoTarget {
    /// The stored URL may not be used (any more).
    Url(Failure, String),
    /// The secret doesn't open: the operator's problem.
    Secret(OpenError),
}

/// Opens endpoints' records.
#[derive(Debug)]
pub(super) struct Targets {
    policy: UrlPolicy,
    keyring: SecretsKeyring,
    kept: Mutex<HashMap<EndpointId, (u64, Arc<Target>)>>,
    complained: Mutex<Option<Instant>>,
}

impl Targets {
    pub(super) fn new(policy: UrlPolicy, keyring: SecretsKeyring) -> Self {
        Self {
            policy,
            keyring,
            kept: Mutex::default(),
            complained: Mutex::default(),
        }
    }

    /// The target of an endpoint. Its URL is judged by its text, literal addresses included: those never reach the
    /// resolver.
    pub(super) fn find(&self, endpoint: &LeasedEndpoint) -> Result<Arc<Target>, NoTarget> {
        if let Some((version, target)) = self.kept().get(&endpoint.id)
            && *version == endpoint.version
        {
            return Ok(Arc::clone(target));
        }
        let url = EndpointUrl::parse(&endpoint.url, &self.policy).map_err(|error| {
            let failure = match error {
                UrlError::Address(_) | UrlError::Local(_) => Failure::BlockedAddress,
                _ => Failure::Url,
            };
            NoTarget::Url(failure, format!("the URL {error}"))
        })?;
        let secret = self
            .keyring
            .open(&endpoint.secret, &endpoint.account, &endpoint.id)
            .map_err(NoTarget::Secret)?;
        let target = Arc::new(Target { url, secret });
        let mut kept = self.kept();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(endpoint.id.clone(), (endpoint.version, Arc::clone(&target)));
        Ok(target)
    }

    /// Tells the operator that secrets don't open, but not for each delivery.
    pub(super) fn complain(&self, endpoint: &EndpointId, error: &OpenError) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if complained.is_none_or(|last| now - last >= COMPLAIN_EVERY) {
            *complained = Some(now);
            tracing::error!(
                %endpoint,
                %error,
                "a signing secret doesn't open: check SECRETS_KEY; the deliveries of such endpoints wait"
            );
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<EndpointId, (u64, Arc<Target>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
