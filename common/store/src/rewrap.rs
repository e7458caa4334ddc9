//! Sealing every signing secret, and every value of endpoints' own headers, anew with the first key of `SECRETS_KEY`, so that an operator
//! can give up the other keys.
//!
//! It goes through the endpoints in bounded steps, also on a live system. For each endpoint, one script replaces what is still there: a
//! rotation in between stands, and the whole can be repeated at any time.

mod report;

use domain::endpoint::origin_of;
use domain::id::{AccountId, EndpointId};
use domain::sealing::{HeaderPlace, OpenError, SealedHeaders, SealedSecret, SecretsKeyring};

use super::scripts::{record, script};
use super::{Store, StoreError};

pub use self::report::RewrapReport;

/// The most secrets that the report names.
const NAMED: usize = 100;

script! {
    /// Replaces secrets by the same, sealed anew; answers how many are in place now.
    "endpoint_rewrap": AllowOom, Writes, needs [OWNER, HERE];
    struct EndpointRewrap<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId;
        each pair: Vec<Pair<'a>>
    } -> u64
}

record! {
    /// A sealed secret, and the same sealed anew.
    struct Pair<'a> { old: &'a str, anew: &'a str }
}

/// An endpoint with its secrets.
struct Record {
    id: EndpointId,
    account: AccountId,
    url: String,
    secrets: Vec<SealedSecret>,
    headers: SealedHeaders,
}

/// Something sealed: its text, the key that sealed it, and the same sealed anew, unless that isn't needed.
struct Sealed {
    text: String,
    key: Option<String>,
    anew: Result<Option<String>, OpenError>,
}

impl Record {
    /// Everything that is sealed.
    fn sealed(&self, keyring: &SecretsKeyring) -> Vec<Sealed> {
        let secrets = self.secrets.iter().map(|secret| Sealed {
            text: secret.as_str().to_owned(),
            key: secret.key_id().map(str::to_owned),
            anew: keyring
                .rewrap(secret, &self.account, &self.id)
                .map(|anew| anew.map(|anew| anew.as_str().to_owned())),
        });
        let place = HeaderPlace {
            account: &self.account,
            endpoint: &self.id,
            origin: origin_of(&self.url),
        };
        let headers = self.headers.iter().map(|(name, value)| Sealed {
            text: value.as_str().to_owned(),
            key: value.key_id().map(str::to_owned),
            anew: keyring
                .rewrap_header(name, &value, place)
                .map(|anew| anew.map(|anew| anew.as_str().to_owned())),
        });
        secrets.chain(headers).collect()
    }
}

impl Store {
    /// Seals anew what another key than the first sealed, or what has the format before; a dry run only counts. Calls
    /// `progress` with the number of endpoints that it has looked at. Once everything opens, the first key is the store's.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. What it sealed anew until then stays so.
    pub async fn rewrap_secrets(
        &self,
        keyring: &SecretsKeyring,
        dry_run: bool,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<RewrapReport, StoreError> {
        let mut report = RewrapReport::default();
        let mut cursor = None;
        loop {
            let (endpoints, next) = self.scan_endpoints(cursor).await?;
            for (id, key) in endpoints {
                if let Some(record) = self.record(id, &key).await? {
                    report.endpoints += 1;
                    self.rewrap_one(&record, keyring, dry_run, &mut report).await?;
                    progress(report.endpoints);
                }
            }
            if next.is_none() {
                break;
            }
            cursor = next;
        }
        if !dry_run && report.unopened == 0 {
            self.accept_secrets_key(keyring).await?;
        }
        Ok(report)
    }

    /// Whether there are secrets, and none of the first that it finds opens.
    pub(super) async fn opens_nothing(&self, keyring: &SecretsKeyring) -> Result<bool, StoreError> {
        let (mut cursor, mut unopened) = (None, 0);
        loop {
            let (endpoints, next) = self.scan_endpoints(cursor).await?;
            for (id, key) in endpoints {
                let Some(record) = self.record(id, &key).await? else {
                    continue;
                };
                for Sealed { anew, .. } in record.sealed(keyring) {
                    if anew.is_ok() {
                        return Ok(false);
                    }
                    unopened += 1;
                }
            }
            if next.is_none() || unopened > NAMED {
                return Ok(unopened > 0);
            }
            cursor = next;
        }
    }

    async fn record(&self, id: EndpointId, key: &str) -> Result<Option<Record>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(key).arg("account").arg("secret").arg("previousSecret");
        read.arg("url").arg("headers");
        let [account, current, previous, url, headers]: [Option<String>; 5] = self
            .query(&read)
            .await
            .or_else(|error| error.unless_overwritten(Default::default()))?;
        let account = account.and_then(|account| account.parse().ok());
        Ok(account.map(|account| Record {
            id,
            account,
            url: url.unwrap_or_default(),
            headers: SealedHeaders::from_stored(headers.unwrap_or_default()),
            secrets: [current, previous]
                .into_iter()
                .flatten()
                .map(SealedSecret::from_stored)
                .collect(),
        }))
    }

    async fn rewrap_one(
        &self,
        record: &Record,
        keyring: &SecretsKeyring,
        dry_run: bool,
        report: &mut RewrapReport,
    ) -> Result<(), StoreError> {
        let mut pairs = Vec::new();
        for Sealed { text, key, anew } in record.sealed(keyring) {
            match anew {
                Ok(Some(anew)) => pairs.push((text, anew, key)),
                Ok(None) => count(report, key, 1),
                Err(error) => note_unopened(report, record, key, &error),
            }
        }
        let wanted = u64::try_from(pairs.len()).unwrap_or(u64::MAX);
        let mut replaced = wanted;
        if !dry_run && !pairs.is_empty() {
            let texts: Vec<_> = pairs
                .iter()
                .map(|(old, anew, _)| (old.as_str(), anew.as_str()))
                .collect();
            replaced = self.replace_sealed(&record.account, &record.id, &texts).await?;
        }
        report.rewrapped += replaced;
        report.overtaken += wanted.saturating_sub(replaced);
        if dry_run {
            pairs.into_iter().for_each(|(_, _, key)| count(report, key, 1));
        } else if replaced > 0 {
            count(report, Some(keyring.sealing_key_id().to_owned()), replaced);
        }
        Ok(())
    }

    /// Puts the second of each pair in the place of the first, if that is still there; how many were replaced. Repeating
    /// it changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn replace_sealed(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        pairs: &[(&str, &str)],
    ) -> Result<u64, StoreError> {
        let pair = pairs.iter().map(|&(old, anew)| Pair { old, anew }).collect();
        self.call(&EndpointRewrap {
            endpoint,
            account,
            pair,
        })
        .await
    }
}

fn count(report: &mut RewrapReport, key: Option<String>, by: u64) {
    let key = key.unwrap_or_else(|| "none".to_owned());
    *report.by_key.entry(key).or_default() += by;
}

fn note_unopened(report: &mut RewrapReport, record: &Record, key: Option<String>, error: &OpenError) {
    report.unopened += 1;
    count(report, key, 1);
    if report.reasons.len() < NAMED {
        report.reasons.push(format!("{}: {error}", record.id));
    }
}
