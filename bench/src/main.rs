//! `bench`: measures the system against what it is compared with. `scripts/bench` builds everything and starts it.
//!
//! - [`by_hand`]: pushing events into a system that runs already.
//! - [`scenario`]: what is measured, in which variants; each a module.
//! - [`subject`]: the system that is measured, and the [`peer`]; [`bare`]: the plain HTTP client.
//! - [`load`]: the load generator; [`receiver`]: what it all ends at; [`clock`]: the time that both share.
//! - [`measured`]: what one run came to, from the counters of the kernel ([`usage`]) and of Redis ([`redis_usage`]).
//! - [`report`]: the table, with the [`machine`] that it was measured on; [`stats`]: percentiles and medians.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool for the terminal, which fails as a test does"
)]

mod by_hand;

mod scenario;

mod subject;

mod peer;

mod bare;

mod load;

mod receiver;

mod child;

mod measured;

mod usage;

mod redis_usage;

mod report;

mod machine;

mod stats;

mod clock;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use report::Report;
use scenario::{Scenario, Setting};

/// Measures the system, with all its real parts on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs scenarios and prints a table for each.
    Run {
        /// What to measure; everything if nothing is named.
        scenarios: Vec<Scenario>,

        /// How many times each variant is measured, in turn with the others, and every other time backwards.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
        runs: u32,

        /// One short run of each: shows that nothing is lost, and says nothing about speed.
        #[arg(long)]
        brief: bool,

        /// Only the variant with this name, such as `webhooks`, or those whose names contain it.
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,

        /// Without the BullMQ peer.
        #[arg(long)]
        no_peer: bool,

        /// Prints all runs as JSON instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Names the scenarios.
    List,
    /// Pushes events into a system that runs already, and prints what it answered.
    Load(by_hand::LoadArguments),
    /// Prints varied payloads as receivers get them, one a line: shows what is measured, and how well it compresses.
    Payloads {
        /// How many.
        #[arg(long, default_value_t = 1000)]
        count: u32,
    },
    /// Serves as the receiver of a measurement.
    Receiver {
        /// The port on loopback; 0 for any that is free.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new().expect("start the threads");
    match arguments.command {
        Command::List => {
            for scenario in Scenario::value_variants() {
                let help = scenario
                    .to_possible_value()
                    .and_then(|value| value.get_help().cloned());
                println!("{:<10} {}", scenario.to_string(), help.unwrap_or_default());
            }
            ExitCode::SUCCESS
        }
        Command::Payloads { count } => {
            load::print_varied(count);
            ExitCode::SUCCESS
        }
        Command::Load(arguments) => runtime.block_on(by_hand::push(arguments)),
        Command::Receiver { port } => {
            runtime.block_on(receiver::serve(port));
            ExitCode::SUCCESS
        }
        Command::Run {
            scenarios,
            runs,
            brief,
            only,
            no_peer,
            json,
        } => {
            let setting = Setting {
                brief,
                peer: !no_peer && peer::is_installed(),
                only: only.map(|text| &*text.leak()),
            };
            if !no_peer && !setting.peer {
                eprintln!(
                    "The BullMQ peer is not installed (./scripts/bench does that): measuring without it."
                );
            }
            if let Some(load) = machine::busy().filter(|_| !brief) {
                eprintln!("The machine is busy (load {load}): the numbers will show it.");
            }
            let runs = if brief { 1 } else { runs };
            runtime.block_on(run(&scenarios, setting, runs, json))
        }
    }
}

async fn run(scenarios: &[Scenario], setting: Setting, runs: u32, json: bool) -> ExitCode {
    if !json {
        println!("{}\n", machine::description());
    }
    let scenarios = if scenarios.is_empty() {
        Scenario::value_variants()
    } else {
        scenarios
    };
    let mut reports = Vec::new();
    for scenario in scenarios {
        if let Some(reason) = scenario.obstacle() {
            eprintln!("{scenario} is left out: {reason}.");
            continue;
        }
        let mut report = Report::of(*scenario, setting);
        for number in 1..=runs {
            let mut variants = scenario.variants(setting);
            // Every other time backwards: what comes first, or behind something heavy, may be better or worse off.
            if number % 2 == 0 {
                variants.reverse();
            }
            for variant in variants {
                // Whoever started this process inside has said so already.
                if !e2e::namespaces::is_inside() {
                    eprintln!("{scenario}: {variant}, run {number} of {runs}");
                }
                report.add(variant, scenario.measure(variant, setting).await);
            }
        }
        if !json {
            println!("{}", report.table());
        }
        reports.push(report);
    }
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(&reports).expect("numbers and text")
        );
    }
    let wrong: Vec<_> = reports.iter().flat_map(Report::wrong).collect();
    for sentence in &wrong {
        eprintln!("WRONG: {sentence}");
    }
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
