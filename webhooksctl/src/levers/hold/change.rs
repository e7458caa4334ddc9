//! What is decided, and made so: endpoint by endpoint, or account by account.

use anyhow::bail;
use domain::endpoint::{HoldAction, OperatorHold};
use domain::id::AccountId;
use serde_json::{Value, json};
use store::Store;

use crate::levers::LeverArgs;
use crate::levers::extent::Extent;
use crate::levers::reach::Reach;
use crate::levers::target::Target;
use crate::runtime;

/// What is decided.
pub(super) struct Change<'a> {
    pub(super) name: &'static str,
    pub(super) action: Option<HoldAction>,
    pub(super) reason: &'a str,
    /// Whether endpoints are changed one by one.
    pub(super) endpoints: bool,
    /// Of what is ended: only what has this reason.
    pub(super) only: Option<&'a str>,
}

/// How many were changed.
#[derive(Default)]
struct Changed {
    accounts: usize,
    endpoints: usize,
    /// What holds the last of them.
    hold: Option<OperatorHold>,
}

impl Change<'_> {
    pub(super) fn make(&self, lever: &LeverArgs, target: &Target) -> anyhow::Result<()> {
        let runtime = runtime::new()?;
        let reach = runtime.block_on(lever.reach_because(target, self.reason))?;
        let name = self.name;
        let extent = if lever.dry_run || reach.is_all() {
            runtime.block_on(reach.extent(|load, beside| load.backlog() + beside.sum()))?
        } else {
            Extent::default()
        };
        if lever.dry_run {
            let json = json!({"action": name, "target": target.to_string(), "account": reach.account(), "dryRun": true,
                "accounts": extent.accounts, "endpoints": extent.endpoints, "deliveries": extent.deliveries});
            return lever.print(
                &json,
                &format!("would {name} {target}: {} that wait", extent.described()),
            );
        }
        if reach.is_all() {
            reach.confirm(&format!("{name} {target}"), extent, lever.yes)?;
        }
        let mut changed = Changed::default();
        let doing = reach.each_account(name, async |account, store| {
            match target {
                Target::Endpoint(id) => {
                    let Some(endpoint) = store.hold_endpoint(id, self.action, self.reason).await? else {
                        bail!("there is no endpoint {id}");
                    };
                    changed.endpoints += 1;
                    changed.hold = endpoint.operator_hold;
                }
                Target::Account(_) | Target::All => {
                    self.of_account(account, store, &reach, &mut changed).await?;
                }
            }
            Ok(())
        });
        let done = runtime.block_on(doing);
        if done.is_err() && !reach.is_all() {
            return done;
        }
        let hold = changed.hold.take();
        let said = match target {
            Target::Endpoint(id) => {
                let account = reach.account().map(ToString::to_string).unwrap_or_default();
                format!("{id} of {account} {}", described(hold.as_ref()))
            }
            Target::Account(account) if !self.endpoints => format!("{account} {}", described(hold.as_ref())),
            _ => format!("{name} {target}: {}", self.told(&changed)),
        };
        let json = json!({"action": name, "target": target.to_string(), "account": reach.account(), "dryRun": false,
            "accounts": changed.accounts, "endpoints": changed.endpoints, "hold": hold.map(|hold| shown(&hold))});
        lever.print(&json, &said)?;
        done
    }

    async fn of_account(
        &self,
        account: &AccountId,
        store: &Store,
        reach: &Reach,
        changed: &mut Changed,
    ) -> anyhow::Result<()> {
        if let Some(HoldAction::Throttle(rate)) = self.action {
            for (id, load) in store.overview_of(account).await?.endpoints {
                if is_stricter(load.own_hold.as_deref(), rate.per_second()) {
                    continue;
                }
                let endpoint = store.hold_endpoint(&id, self.action, self.reason).await?;
                changed.hold = endpoint.and_then(|endpoint| endpoint.operator_hold);
                changed.endpoints += 1;
            }
            return Ok(());
        }
        let endpoints = store.endpoint_ids(account).await?;
        let known = store.account_hold(account).await?;
        // Of all, what is as wanted stays as it is, with the reason that it has.
        let is_wanted = match self.action {
            Some(_) => known.is_none(),
            None => known
                .as_ref()
                .is_some_and(|hold| self.only.is_none_or(|only| only == hold.reason)),
        };
        if is_wanted || !reach.is_all() && self.only.is_none() {
            let reason = self.action.map(|_| self.reason);
            changed.hold = store.pause_account(account, reason).await?;
            changed.accounts += 1;
            if !self.endpoints {
                changed.endpoints += endpoints.len();
            }
        } else {
            changed.hold = known;
        }
        if self.endpoints {
            for (id, load) in store.overview_of(account).await?.endpoints {
                let hold = load.own_hold.unwrap_or_default();
                let reason = hold.splitn(4, ' ').nth(3).unwrap_or_default();
                if !hold.is_empty() && self.only.is_none_or(|only| only == reason) {
                    store.hold_endpoint(&id, None, "").await?;
                    changed.endpoints += 1;
                }
            }
        }
        Ok(())
    }

    fn told(&self, changed: &Changed) -> String {
        let (accounts, endpoints) = (changed.accounts, changed.endpoints);
        match self.action {
            Some(HoldAction::Pause) => format!(
                "{accounts} accounts are paused, which have {endpoints} endpoints; those that were paused before stay so. An account that begins from now on isn't"
            ),
            Some(HoldAction::Throttle(rate)) => format!(
                "{endpoints} endpoints get {rate} a second at most; those that an operator has paused, or throttled to less, stay so, and those that are made from now on aren't throttled. `webhooksctl resume --endpoints` ends it"
            ),
            None => format!("{accounts} accounts and {endpoints} endpoints are held no more"),
        }
    }
}

/// Whether what an operator does to an endpoint alone lets less through than this rate: it stays, with its reason.
fn is_stricter(own: Option<&str>, rate: u16) -> bool {
    let mut words = own.unwrap_or_default().split(' ');
    let (action, known) = (
        words.next(),
        words.next().and_then(|known| known.parse::<u16>().ok()),
    );
    match action {
        Some("pause") => true,
        Some("throttle") => known.is_some_and(|known| known < rate),
        _ => false,
    }
}

fn shown(hold: &OperatorHold) -> Value {
    let rate = match hold.action {
        HoldAction::Pause => None,
        HoldAction::Throttle(rate) => Some(rate.per_second()),
    };
    json!({"perSecond": rate, "since": hold.since, "reason": hold.reason, "isOfAccount": hold.is_of_account})
}

fn described(hold: Option<&OperatorHold>) -> String {
    let Some(hold) = hold else {
        return "is not held by an operator any more; its owner's settings count".to_owned();
    };
    let whose = if hold.is_of_account {
        ", with its account"
    } else {
        ""
    };
    let reason = match hold.reason.as_str() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    match hold.action {
        HoldAction::Pause => format!("is paused{whose} since {}{reason}", hold.since),
        HoldAction::Throttle(rate) => format!("gets {rate} a second at most since {}{reason}", hold.since),
    }
}
