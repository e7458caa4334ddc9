//! `pause`, `throttle` and `resume`: what an operator decides about an endpoint, an account or all, beside what its owner wants of it.

mod change;

use clap::Args;
use domain::endpoint::{HoldAction, MAX_RATE, RateLimit};
use store::endpoints::MAX_REASON;

use self::change::Change;
use super::LeverArgs;
use super::target::TargetArgs;

/// The arguments of `pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    lever: LeverArgs,

    #[command(flatten)]
    target: TargetArgs,

    /// Why; the owner reads it. Without `--why`, the audit has it, too.
    #[arg(long, default_value = "", value_parser = reason)]
    reason: String,
}

/// The arguments of `throttle`.
#[derive(Debug, Args)]
pub(crate) struct ThrottleArgs {
    #[command(flatten)]
    lever: LeverArgs,

    #[command(flatten)]
    target: TargetArgs,

    /// The most deliveries in a second, for each endpoint that there is now. If the owner's own limit is lower, that one counts.
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
    lever: LeverArgs,

    #[command(flatten)]
    target: TargetArgs,

    /// Of an account, or of all: also what single endpoints were paused or throttled for. Without it, only what accounts were.
    #[arg(long)]
    endpoints: bool,

    /// Of an account, or of all: only what was paused or throttled for this reason.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
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

/// Pauses an endpoint, an account or all.
pub(crate) fn pause(arguments: &PauseArgs) -> anyhow::Result<()> {
    let PauseArgs {
        lever,
        target,
        reason,
    } = arguments;
    let change = Change {
        name: "pause",
        action: Some(HoldAction::Pause),
        reason,
        endpoints: false,
        only: None,
    };
    change.make(lever, &target.target())
}

/// Throttles an endpoint, those of an account, or all.
pub(crate) fn throttle(arguments: &ThrottleArgs) -> anyhow::Result<()> {
    let ThrottleArgs {
        lever,
        target,
        per_second,
        reason,
    } = arguments;
    let change = Change {
        name: "throttle",
        action: Some(HoldAction::Throttle(*per_second)),
        reason,
        endpoints: true,
        only: None,
    };
    change.make(lever, &target.target())
}

/// Ends what `pause` and `throttle` began.
pub(crate) fn resume(arguments: &ResumeArgs) -> anyhow::Result<()> {
    let ResumeArgs {
        lever,
        target,
        endpoints,
        reason,
    } = arguments;
    let change = Change {
        name: "resume",
        action: None,
        reason: "",
        endpoints: *endpoints,
        only: reason.as_deref(),
    };
    change.make(lever, &target.target())
}
