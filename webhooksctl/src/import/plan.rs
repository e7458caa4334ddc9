//! What an import comes to: which endpoints are new, which are there, and which the store would refuse.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::catalog::Catalog;
use domain::id::{AccountId, EndpointId};
use store::shards::Shards;
use store::{Store, StoreError};

use super::line::{Fault, Wanted};
use crate::runtime;

/// How many endpoints of an account are read at a time.
const PAGE: usize = 500;

/// What is done.
#[derive(Debug)]
pub(super) struct Plan {
    /// Those to make.
    pub(super) new: Vec<Wanted>,
    /// The lines of those that are there, each with its endpoint.
    pub(super) there: Vec<(usize, EndpointId)>,
    pub(super) faults: Vec<Fault>,
    most: u32,
    /// By shard: endpoints of which something is left.
    leftovers: BTreeMap<u16, Arc<BTreeSet<EndpointId>>>,
}

/// The event types that endpoints can subscribe to: those that the API announced which started last, or the default ones.
pub(super) async fn event_types(shards: &Shards) -> Result<BTreeSet<String>, StoreError> {
    let mut types = BTreeSet::new();
    for store in shards.all() {
        types.extend(store.announced_event_types().await?.into_keys());
    }
    if types.is_empty() {
        let default = Catalog::default();
        types.extend(default.types().iter().map(|kind| kind.as_str().to_owned()));
    }
    Ok(types)
}

impl Plan {
    /// Compares what is wanted with what is there.
    pub(super) async fn make(
        shards: &Shards,
        wanted: Vec<Wanted>,
        faults: Vec<Fault>,
        most: u32,
    ) -> Result<Self, StoreError> {
        let mut plan = Self {
            new: Vec::new(),
            there: Vec::new(),
            faults,
            most,
            leftovers: BTreeMap::new(),
        };
        let wanted = plan.each_once(wanted);
        let owners = owners(shards, &wanted).await?;
        let mut accounts: BTreeMap<AccountId, Vec<Wanted>> = BTreeMap::new();
        for one in wanted {
            match one.id.as_ref().and_then(|id| owners.get(id)) {
                Some(owner) if *owner != one.account => {
                    plan.fault(
                        one.line,
                        "id",
                        "Another account has an endpoint with this id: leave `id` out for a new one.",
                    );
                }
                Some(_) => plan.there.extend(one.id.map(|id| (one.line, id))),
                None => accounts.entry(one.account.clone()).or_default().push(one),
            }
        }
        let looked_at = runtime::progress(|lines: usize| format!("compared {lines} lines …"));
        for (account, wanted) in accounts {
            plan.add(shards.of(&account), &account, wanted).await?;
            looked_at(plan.new.len() + plan.there.len());
        }
        plan.new.sort_by_key(|one| one.line);
        plan.there.sort();
        plan.faults.sort_by_key(|fault| fault.line);
        Ok(plan)
    }

    fn fault(&mut self, line: usize, field: &str, says: impl Into<String>) {
        self.faults.push(Fault {
            line,
            field: field.to_owned(),
            says: says.into(),
        });
    }

    /// Lines that don't name the same endpoint as one before.
    fn each_once(&mut self, wanted: Vec<Wanted>) -> Vec<Wanted> {
        let place = |one: &Wanted| format!("{} {}", one.account, one.url);
        let with_ids = wanted.iter().filter(|one| one.id.is_some());
        let with_ids: HashMap<String, usize> = with_ids.map(|one| (place(one), one.line)).collect();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut once = Vec::new();
        for one in wanted {
            let (field, name) = match &one.id {
                Some(id) => ("id", id.to_string()),
                None => ("url", place(&one)),
            };
            match seen.get(&name).or_else(|| with_ids.get(&name)) {
                Some(line) => {
                    let says = format!(
                        "The endpoint of line {line} has the same: give each an `id` of its own, or one of them."
                    );
                    self.fault(one.line, field, says);
                }
                None => {
                    seen.insert(name, one.line);
                    once.push(one);
                }
            }
        }
        once
    }

    /// The endpoints of a shard of which something is left; looked up once.
    async fn leftovers_of(&mut self, store: &Store) -> Result<Arc<BTreeSet<EndpointId>>, StoreError> {
        let number = store.shard().number;
        if let Some(known) = self.leftovers.get(&number) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(store.endpoints_with_leftovers().await?);
        self.leftovers.insert(number, Arc::clone(&found));
        Ok(found)
    }

    /// Adds what an account is to get.
    async fn add(
        &mut self,
        store: &Store,
        account: &AccountId,
        wanted: Vec<Wanted>,
    ) -> Result<(), StoreError> {
        let ids = store.endpoint_ids(account).await?;
        let limits = store.account_limits(account).await?;
        let most = limits.endpoints.unwrap_or(self.most);
        let mut urls: HashMap<String, EndpointId> = HashMap::new();
        if wanted.iter().any(|one| one.id.is_none()) {
            for ids in ids.chunks(PAGE) {
                let page = store.stored_endpoints(ids).await?;
                urls.extend(page.endpoints.into_iter().map(|known| (known.url, known.id)));
            }
        }
        let leftovers = if wanted.iter().any(|one| one.id.is_some()) {
            self.leftovers_of(store).await?
        } else {
            Arc::default()
        };
        let mut endpoints = ids.len();
        for one in wanted {
            let known = one.id.is_none().then(|| urls.get(one.url.as_str())).flatten();
            let forbidden = one.events.iter().position(|event| !limits.allow(*event));
            if one.id.as_ref().is_some_and(|id| leftovers.contains(id)) {
                let says =
                    "An endpoint with this id was removed a moment ago: import the line again in a minute.";
                self.fault(one.line, "id", says);
            } else if let Some(id) = known {
                self.there.push((one.line, id.clone()));
            } else if let Some(place) = forbidden {
                let field = format!("events[{place}]");
                self.fault(one.line, &field, "The account may not have events of this type.");
            } else if endpoints >= most as usize {
                self.fault(
                    one.line,
                    "accountId",
                    format!("The account may have {most} endpoints."),
                );
            } else {
                endpoints += 1;
                self.new.push(one);
            }
        }
        Ok(())
    }
}

/// Whose the endpoints are that lines name, as far as they are there.
async fn owners(shards: &Shards, wanted: &[Wanted]) -> Result<HashMap<EndpointId, AccountId>, StoreError> {
    let ids: Vec<EndpointId> = wanted.iter().filter_map(|one| one.id.clone()).collect();
    let mut owners = HashMap::new();
    for store in shards.all() {
        for ids in ids.chunks(PAGE) {
            let found = ids.iter().zip(store.accounts_of(ids).await?);
            owners.extend(found.filter_map(|(id, owner)| Some((id.clone(), owner?))));
        }
    }
    Ok(owners)
}
