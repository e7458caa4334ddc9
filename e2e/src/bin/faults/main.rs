//! `faults` combines faults at random under load, for as long as you like, and ends with a verdict; or it measures what each
//! durability level can lose. `scripts/faults` builds and starts it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for the terminal, which fails as a test does"
)]

mod durability;
mod plan;
mod replicas;
mod stage;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use e2e::namespaces;

/// Random faults under load: kills, stops, cuts, delays, failing receivers and names, greedy neighbours. The same seed gives the same faults.
#[derive(Debug, Parser)]
struct Arguments {
    /// Names the sequence of faults; random if absent.
    #[arg(long)]
    seed: Option<u64>,

    /// How long faults happen. Deliveries that are left then have three minutes to arrive.
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,

    /// Measures instead what a crash of Redis loses at each durability level.
    #[arg(long)]
    durability: bool,

    /// Measures instead what waiting for replicas costs.
    #[arg(long)]
    replicas: bool,

    /// How many times Redis is killed at each level.
    #[arg(long, default_value_t = 20)]
    kills: u32,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new().expect("start the threads");
    if arguments.durability {
        runtime.block_on(durability::measure(arguments.kills));
        return ExitCode::SUCCESS;
    }
    if arguments.replicas {
        runtime.block_on(replicas::measure());
        return ExitCode::SUCCESS;
    }
    if !namespaces::is_inside() {
        match namespaces::obstacle() {
            None => return run_inside(),
            Some(reason) => {
                println!(
                    "without troubles of names, which need mounts and a network of their own ({reason})"
                );
            }
        }
    }
    let seed = arguments.seed.unwrap_or_else(plan::random_seed);
    let minutes = arguments.minutes;
    println!("seed {seed} (again: ./scripts/faults --seed {seed} --minutes {minutes})");
    let lasts = Duration::from_secs_f64(minutes * 60.0);
    // As in a test, a failure panics with its reason.
    match std::panic::catch_unwind(|| runtime.block_on(stage::run(seed, lasts))) {
        Ok(balance) => {
            println!("\nPASSED, seed {seed}: {balance:#?}");
            ExitCode::SUCCESS
        }
        Err(_) => {
            println!("\nFAILED, seed {seed}: the reason stands above");
            ExitCode::FAILURE
        }
    }
}

/// Does the same in namespaces of its own, where names are ours.
fn run_inside() -> ExitCode {
    let status = namespaces::apart(&["--mount", "--net"])
        .args(std::env::args_os().skip(1))
        .status()
        .expect("unshare can be run");
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
