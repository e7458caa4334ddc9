//! `pause`, `throttle` and `resume`: what an operator decides about an endpoint, or an account, beside what its owner wants of it.

use std::fmt;

use anyhow::bail;
use clap::Args;
use domain::endpoint::{HoldAction, MAX_RATE, OperatorHold, RateLimit};
use domain::id::{AccountId, EndpointId};
use store::endpoints::MAX_REASON;
use store::settings::RedisArgs;

use crate::order::OrderArgs;
use crate::runtime;
use crate::stores::{of_account, of_endpoint};

/// The arguments of `pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// The endpoint (`ep_…`) or the account (`org:…`, `user:…`) to pause.
    target: Target,

    /// Why; the owner reads it. Without `--why`, the audit has it, too.
    #[arg(long, default_value = "", value_parser = reason)]
    reason: String,
}

/// The arguments of `throttle`.
#[derive(Debug, Args)]
pub(crate) struct ThrottleArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// The endpoint.
    endpoint: EndpointId,

    /// The most deliveries in a second. If the owner's own limit is lower, that one counts.
    #[arg(long, value_name = "NUMBER", value_parser = rate)]
    per_second: RateLimit,

    /// Why; the owner reads it. Without `--why`, the audit has it, too.
    #[arg(long, default_value = "", value_parser = reason)]
    reason: String,
}

/// The arguments of `resume`.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// The endpoint (`ep_…`) or the account (`org:…`, `user:…`) that is paused or throttled.
    target: Target,
}

/// What is paused: an endpoint, or all of an account.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Endpoint(EndpointId),
    Account(AccountId),
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(id) => id.fmt(formatter),
            Self::Account(account) => account.fmt(formatter),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(endpoint) = text.parse() {
            return Ok(Self::Endpoint(endpoint));
        }
        AccountId::from_outside(text)
            .map(Self::Account)
            .map_err(|_| "neither an endpoint (ep_…) nor an account (org:…, user:…)")
    }
}

fn rate(text: &str) -> Result<RateLimit, String> {
    let rate = text.parse().ok().and_then(RateLimit::new);
    rate.ok_or_else(|| format!("not a number from 1 to {MAX_RATE}"))
}

fn reason(text: &str) -> Result<String, String> {
    if text.chars().count() > MAX_REASON || text.chars().any(char::is_control) {
        return Err(format!(
            "longer than {MAX_REASON} characters, or with control characters"
        ));
    }
    Ok(text.to_owned())
}

/// Pauses an endpoint or an account.
pub(crate) fn pause(arguments: &PauseArgs) -> anyhow::Result<String> {
    let PauseArgs {
        redis,
        order,
        target,
        reason,
    } = arguments;
    change(redis, order, target, Some(HoldAction::Pause), reason)
}

/// Throttles an endpoint.
pub(crate) fn throttle(arguments: &ThrottleArgs) -> anyhow::Result<String> {
    let target = Target::Endpoint(arguments.endpoint.clone());
    let action = HoldAction::Throttle(arguments.per_second);
    let ThrottleArgs {
        redis, order, reason, ..
    } = arguments;
    change(redis, order, &target, Some(action), reason)
}

/// Ends what `pause` and `throttle` began.
pub(crate) fn resume(arguments: &ResumeArgs) -> anyhow::Result<String> {
    let ResumeArgs { redis, order, target } = arguments;
    change(redis, order, target, None, "")
}

fn change(
    redis: &RedisArgs,
    order: &OrderArgs,
    target: &Target,
    action: Option<HoldAction>,
    reason: &str,
) -> anyhow::Result<String> {
    let runtime = runtime::new()?;
    let order = order.order_because(reason);
    match target {
        Target::Endpoint(id) => {
            let (store, _) = runtime.block_on(of_endpoint(redis, id))?;
            let store = store.ordered_by(&order);
            let Some(endpoint) = runtime.block_on(store.hold_endpoint(id, action, reason))? else {
                bail!("there is no endpoint {id}");
            };
            let hold = endpoint.operator_hold.as_ref();
            Ok(format!("{id} of {} {}", endpoint.account, described(hold)))
        }
        Target::Account(account) => {
            let reason = action.map(|_| reason);
            let store = runtime.block_on(of_account(redis, account))?;
            let store = store.ordered_by(&order);
            let hold = runtime.block_on(store.pause_account(account, reason))?;
            Ok(format!("{account} {}", described(hold.as_ref())))
        }
    }
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
