//! The keys of an account: making, listing and revoking them, and what becomes of a call that is made with one.
//!
//! All keys of an account are in one small hash, so that whoever looks one up asks Redis once, at one place that the key itself names.
//! The call is counted in the same step. Nothing of a key is kept in a process, so a key that was revoked is good for nothing from
//! then on.

mod script;

use domain::api_key::{ApiKeyToken, Scopes};
use domain::clock::Timestamp;
use domain::id::{AccountId, ApiKeyId};

use super::endpoints::operation_id;
use super::rates::{Quota, Subject};
use super::{Store, StoreError};
pub(crate) use script::{ApiKeyCreate, ApiKeyRevoke, ApiKeyUse};
use script::{Creation, Used};

/// A key of an account, without what nobody keeps: its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which is part of its text.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A key to make.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// The key, for its own account.
    pub token: &'a ApiKeyToken,
    /// What its owner calls it: no control characters.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a Scopes,
    /// Who makes it.
    pub by: &'a str,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
}

/// What came of a call with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyUse {
    /// The key is good for these scopes until it expires. The call was counted, unless the quota's first is `false`: then it may not
    /// be made now.
    Good(Scopes, Option<Timestamp>, bool, Quota),
    /// The key has expired.
    Expired,
}

impl Store {
    /// Makes a key, unless its account has `most` that are still good; `None` if it has.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn create_api_key(&self, new: &NewApiKey<'_>, most: u32) -> Result<Option<ApiKey>, StoreError> {
        // Whoever reads a record takes it apart at its line feed.
        let by = new.by.replace(char::is_control, " ");
        let creation = ApiKeyCreate {
            account: new.token.account(),
            shards: self.chosen_by(new.token.account()),
            key: new.token.id(),
            hash: &new.token.hash(),
            expires: new.expires_at.map_or(0, Timestamp::as_millis),
            scopes: &new.scopes.to_string(),
            by: &by,
            name: new.name,
            most,
        };
        Ok(match self.call(&creation).await? {
            Creation::TooMany => None,
            Creation::Created(at) => Some(ApiKey {
                id: new.token.id().clone(),
                name: new.name.to_owned(),
                scopes: new.scopes.clone(),
                created_at: moment(at).unwrap_or_default(),
                created_by: by,
                expires_at: new.expires_at,
                last_used_at: None,
            }),
        })
    }

    /// The keys of an account, oldest first, those that have expired as well.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn list_api_keys(&self, account: &AccountId) -> Result<Vec<ApiKey>, StoreError> {
        let key = self.keys().key(&format!("account:{account}:keys"));
        let fields: Vec<(String, String)> = self
            .query(redis::cmd("HGETALL").arg(key))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
        let used = |id: &ApiKeyId| {
            let field = format!("{id}:used");
            let found = fields.iter().find(|(name, _)| *name == field)?;
            moment(found.1.parse().ok()?)
        };
        let mut keys: Vec<_> = fields
            .iter()
            .filter_map(|(name, kept)| {
                let mut key = read(name.parse().ok()?, kept)?;
                key.last_used_at = used(&key.id);
                Some(key)
            })
            .collect();
        keys.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(keys)
    }

    /// Whether an account still has a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn has_api_key(&self, account: &AccountId, id: &ApiKeyId) -> Result<bool, StoreError> {
        let key = self.keys().key(&format!("account:{account}:keys"));
        let found: bool = self
            .query(redis::cmd("HEXISTS").arg(key).arg(id.as_str()))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(false))?;
        Ok(found)
    }

    /// Counts a call that is made with a key, of which `most` may be made with all of the account's in a minute (0: any number), and
    /// says what the key may do; `None` if the account has no such key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn use_api_key(&self, token: &ApiKeyToken, most: u32) -> Result<Option<KeyUse>, StoreError> {
        let using = ApiKeyUse {
            account: token.account(),
            key: token.id(),
            hash: &token.hash(),
            most,
        };
        Ok(self.call(&using).await?.map(|used| match used {
            Used::Expired => KeyUse::Expired,
            Used::Good(scopes, expires, is_allowed, left, ends_in) => {
                let quota = Quota {
                    subject: Subject::Keys,
                    most,
                    left,
                    ends_in,
                };
                KeyUse::Good(Scopes::read(&scopes), moment(expires), is_allowed, quota)
            }
        }))
    }

    /// Takes a key from an account; `false` if it has no such key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn revoke_api_key(&self, account: &AccountId, id: &ApiKeyId) -> Result<bool, StoreError> {
        self.call(&ApiKeyRevoke {
            account,
            key: id,
            operation: &operation_id(),
        })
        .await
    }
}

/// A key as it is kept (`api_keys.lua`).
fn read(id: ApiKeyId, kept: &str) -> Option<ApiKey> {
    let (facts, name) = kept.split_once('\n')?;
    let mut facts = facts.splitn(5, ' ');
    let mut next = || facts.next();
    let (_hash, expires, scopes, created, by) = (next()?, next()?, next()?, next()?, next()?);
    Some(ApiKey {
        id,
        name: name.to_owned(),
        scopes: Scopes::read(scopes),
        created_at: moment(created.parse().ok()?)?,
        created_by: by.to_owned(),
        expires_at: moment(expires.parse().ok()?),
        last_used_at: None,
    })
}

/// A time in ms; 0 is none.
fn moment(ms: u64) -> Option<Timestamp> {
    let ms = i64::try_from(ms).ok().filter(|ms| *ms > 0)?;
    Timestamp::from_millis(ms)
}
