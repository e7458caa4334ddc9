//! Do the shards agree about where accounts lie, and about service keys?

use super::Shards;
use crate::StoreError;

/// How many findings are told.
const MOST: usize = 20;

impl Shards {
    /// What doesn't agree between the shards: copies of the directory or of the service keys that differ, and accounts that have something where no program looks
    /// for it. Each is a sentence; the first 20.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        if self.all().len() == 1 {
            return Ok(Vec::new());
        }
        let found = self.look_for_strays().await?;
        // Something may have been on its way.
        if found.is_empty() {
            return Ok(found);
        }
        self.look_for_strays().await
    }

    async fn look_for_strays(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let first = &self.all()[0];
        let marks = first.store_marks().await?;
        first
            .learn_routes(marks.shards.as_deref(), marks.directory)
            .await?;
        let routes = self.routing.now();
        let lacking = self.lacking_service_keys().await?;
        for store in self.all() {
            let number = store.shard().number;
            if lacking.contains(&number) {
                found.push(format!(
                    "shard {number} has other service keys than all shards together: each `webhooksctl keys create` or `keys revoke` gives it what it lacks"
                ));
            }
            if store.directory().await? != routes.elsewhere {
                found.push(format!(
                    "shard {number} has another directory than shard 0: run `webhooksctl shards grow` or `account move` again, whichever was interrupted"
                ));
            }
            for account in store.accounts(|_| {}).await? {
                if found.len() >= MOST {
                    break;
                }
                let place = routes.place(&account);
                if place != number && !store.has_left(&account).await? {
                    found.push(format!(
                        "{account} has something in shard {number}, and programs look for it in shard {place}"
                    ));
                }
            }
        }
        found.sort();
        found.truncate(MOST);
        Ok(found)
    }
}
