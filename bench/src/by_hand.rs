//! Pushes events into a system that runs already.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::load::{self, Events, Target};

/// Where the load goes, and how much it is.
#[derive(Debug, Args)]
pub(crate) struct LoadArguments {
    /// Address of the API.
    #[arg(long, default_value = "127.0.0.1:3000")]
    api: SocketAddr,

    /// A service key.
    #[arg(long, env, hide_env_values = true)]
    service_key: String,

    /// Whose events they are.
    #[arg(long, env)]
    account_id: String,

    /// How many.
    #[arg(long, default_value_t = 10_000)]
    events: u32,

    /// Bytes of the body that a receiver gets.
    #[arg(long, default_value_t = 600)]
    payload: usize,

    /// A closed loop: this many callers, each one event after the other.
    #[arg(long, default_value_t = 64)]
    callers: u32,

    /// An open loop instead: this many events per second, whatever the system does.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
}

/// Pushes them, and prints what was answered.
pub(crate) async fn push(arguments: LoadArguments) -> ExitCode {
    let target = Target {
        address: arguments.api,
        authorization: format!("Bearer {}", arguments.service_key),
    };
    let events = Events::of(&arguments.account_id, arguments.payload);
    let numbers = 0..arguments.events;
    let pushed = match arguments.rate {
        Some(rate) => load::at_rate(&target, &events, numbers, rate).await,
        None => load::closed(&target, &events, numbers, arguments.callers).await,
    };
    let result = json!({
        "accepted": pushed.accepted, "deliveries": pushed.deliveries, "refused": pushed.refused,
        "events/s": pushed.rate(), "answer ms": pushed.latency(),
    });
    println!("{result:#}");
    if pushed.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
