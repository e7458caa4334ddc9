//! What is stored of service keys.

use std::collections::{BTreeMap, HashMap};

use domain::clock::Timestamp;

/// What a revoked key has in the place of all else.
const REVOKED: &str = "revoked";

/// What a key may do, as it is stored.
const MANAGES: &str = "manage";
const PUSHES: &str = "push";

/// The newest that is known of each id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceKeyEntries(BTreeMap<String, Entry>);

/// The last change of an id: the version, and the key that it has since; `None`: it was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    version: u64,
    key: Option<StoredServiceKey>,
}

/// A service key, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredServiceKey {
    /// The SHA-256 of the key.
    pub hash: [u8; 32],
    /// Whether it may call for accounts.
    pub may_manage: bool,
    /// Who made it.
    pub by: String,
}

impl ServiceKeyEntries {
    /// Reads a copy. What can't be read is no key.
    #[must_use]
    pub fn read(copy: HashMap<String, String>) -> Self {
        let read = |(id, text): (String, String)| Some((id, Entry::read(&text)?));
        Self(copy.into_iter().filter_map(read).collect())
    }

    /// Takes of each id what is newer in another copy. Returns whether anything was.
    pub fn merge(&mut self, other: Self) -> bool {
        let mut is_changed = false;
        for (id, entry) in other.0 {
            if self.version(&id) < entry.version {
                self.0.insert(id, entry);
                is_changed = true;
            }
        }
        is_changed
    }

    /// The keys that are valid: the id of each, and since when.
    pub fn valid(&self) -> impl Iterator<Item = (&str, Timestamp, &StoredServiceKey)> {
        self.0.iter().filter_map(|(id, entry)| {
            let since = i64::try_from(entry.version).ok().and_then(Timestamp::from_millis);
            Some((id.as_str(), since.unwrap_or_default(), entry.key.as_ref()?))
        })
    }

    /// Whether this id has a key.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(|entry| entry.key.is_some())
    }

    /// How many ids there are, with those that were revoked.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The version of an id; 0 if there never was one.
    pub(super) fn version(&self, id: &str) -> u64 {
        self.0.get(id).map_or(0, |entry| entry.version)
    }

    /// Gives an id a key, or none, with a version above all that are known. Returns the version.
    pub(super) fn set(&mut self, id: &str, now: u64, key: Option<StoredServiceKey>) -> u64 {
        let newest = self.0.values().map(|entry| entry.version).max().unwrap_or(0);
        let version = now.max(newest.saturating_add(1));
        self.0.insert(id.to_owned(), Entry { version, key });
        version
    }

    /// Each id with its entry, as it is stored.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(id, entry)| (id.as_str(), entry.text()))
    }
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(4, ' ');
        let version = words.next()?.parse().ok()?;
        let hash = words.next()?;
        if hash == REVOKED {
            return Some(Self { version, key: None });
        }
        let key = StoredServiceKey {
            hash: hex::decode(hash).ok()?.try_into().ok()?,
            may_manage: match words.next()? {
                MANAGES => true,
                PUSHES => false,
                _ => return None,
            },
            by: words.next().unwrap_or_default().to_owned(),
        };
        Some(Self {
            version,
            key: Some(key),
        })
    }

    fn text(&self) -> String {
        let version = self.version;
        match &self.key {
            None => format!("{version} {REVOKED}"),
            Some(key) => {
                let may = if key.may_manage { MANAGES } else { PUSHES };
                format!("{version} {} {may} {}", hex::encode(key.hash), key.by)
            }
        }
    }
}

#[cfg(test)]
mod tests;
