//! Whether a program has the `SECRETS_KEY` that the secrets in the store were sealed with. What another one sealed doesn't open, and what it
//! seals itself nobody else can open: deliveries would wait for ever, and nobody would know why.
//!
//! A check value stands in the store, which only the right key makes. The first API that starts there puts it in place, unless there are
//! secrets and none of them opens; `secrets rewrap` replaces it.

use domain::sealing::SecretsKeyring;

use super::scripts::script;
use super::{Store, StoreError};

script! {
    /// Puts a check value in the place of `old`, empty for none; answers the one that is there then.
    "secrets_key_keep": AllowOom, Writes, needs [BASE];
    struct SecretsKeyKeep<'a> { old: &'a str, anew: &'a str } -> String
}

/// Why a program that runs can't go on with other keys: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum SecretsKeyError {
    /// The store doesn't say.
    #[error("SECRETS_KEY: it can't be compared with the store's now ({0})")]
    Unknown(#[from] StoreError),
    /// They aren't this store's.
    #[error("SECRETS_KEY: it isn't the key that the secrets in this store were sealed with")]
    Other,
}

impl Store {
    /// Demands that the key ring has the key of this store: see [`Store::has_secrets_key`].
    ///
    /// # Errors
    ///
    /// [`SecretsKeyError`].
    pub async fn demand_secrets_key(&self, keyring: &SecretsKeyring) -> Result<(), SecretsKeyError> {
        if self.has_secrets_key(keyring).await? {
            Ok(())
        } else {
            Err(SecretsKeyError::Other)
        }
    }

    /// Whether the key ring has the key of this store. Where nobody knows it yet, this one becomes it, unless there are endpoints and none
    /// of the first has a secret that opens.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn has_secrets_key(&self, keyring: &SecretsKeyring) -> Result<bool, StoreError> {
        let known = match self.secrets_key_check().await? {
            known if !known.is_empty() => known,
            _ if self.opens_nothing(keyring).await? => return Ok(false),
            _ => self.keep_check("", &keyring.check_value()).await?,
        };
        Ok(keyring.has_made(&known))
    }

    /// From now on the first key of the ring is this store's, whatever was before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn accept_secrets_key(&self, keyring: &SecretsKeyring) -> Result<(), StoreError> {
        let anew = keyring.check_value();
        // Somebody may do the same at the same time; the last one is believed.
        loop {
            let old = self.secrets_key_check().await?;
            if self.keep_check(&old, &anew).await? == anew {
                return Ok(());
            }
        }
    }

    /// The check value that is kept; empty if there is none.
    pub(crate) async fn secrets_key_check(&self) -> Result<String, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(self.keys().key("secrets_key"));
        Ok(self.query::<Option<String>>(&command).await?.unwrap_or_default())
    }

    async fn keep_check(&self, old: &str, anew: &str) -> Result<String, StoreError> {
        self.call(&SecretsKeyKeep { old, anew }).await
    }
}
