//! The operator's tool: checks what is stored, makes keys, sets up development, asks programs for their health.
//!
//! Only `import`, `pause`, `throttle`, `resume`, `discard`, `release`, `cancel`, `replay`, `requeue`, `purge`, `drain`, `account move`, `events erase`,
//! `secrets rewrap`, `secrets accept`, `keys create`, `keys revoke`, `endpoints enable`, `shards grow`, `shards adopt`, `store accept`, `store upgrade` and
//! `check --repair` change anything in Redis, and `shards move` where it is; each is in the audit. `check --keep` notes what it found.

mod account;
mod audit;
mod check;
mod dev_env;
mod dev_keys;
mod doctor;
mod endpoints;
mod events;
mod export;
mod healthcheck;
mod history;
mod import;
mod keys;
mod levers;
mod lists;
mod noted;
mod order;
mod output;
mod redis_users;
mod runtime;
mod secrets;
mod service_keys;
mod shards;
mod show;
mod status;
mod store;
mod stores;
mod table;
mod tail;
mod variables;
mod workers;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use domain::signing::SigningSecret;

/// The operator's tool for the webhook programs.
#[derive(Debug, Parser)]
#[command(name = "webhooksctl", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How many deliveries wait, are in flight, retry, are held or parked, how old the oldest is, how fast things go, when the backlog is
    /// drained, for how long memory lasts, what takes it, whether anything is lost, and how Redis does.
    /// The rights of `operator` suffice.
    Status(status::StatusArgs),
    /// The accounts that have the most to do, by `--sort`: all that have work, kept payloads or history. The rights of `operator` suffice.
    Accounts(lists::ListArgs),
    /// Moves an account to another shard.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Where each shard of the accounts is, and how much there is to do; `shards move` takes one to another node. To look, the rights of
    /// `operator` suffice.
    Shards(shards::ShardsArgs),
    /// The whole story of an event, a delivery, an endpoint, a replay or an account: each attempt, where it is now, when it goes next, and
    /// who holds it. The rights of `operator` suffice.
    Show(show::ShowArgs),
    /// What became of an event, in a sentence for each delivery. The rights of `operator` suffice.
    Why(show::WhyArgs),
    /// Attempts as they are logged, a line for each, until Ctrl-C, `--for` or `--max`; of an account, of an endpoint, or of all. It reads a bounded
    /// number of logs at a time, and says what it leaves out. The rights of `operator` suffice.
    Tail(tail::TailArgs),
    /// Looks for what is wrong with the server, the store and the programs, and says what to do: version, persistence, eviction, memory,
    /// latency, clocks, releases, and whether SECRETS_KEY is the right one. With the rights of `operator`, all but the server's settings; `operator-write` may read these.
    Doctor(doctor::DoctorArgs),
    /// The workers that run: release, slots, how many deliveries each holds and whose, when it was last heard of, and whether it is being
    /// drained. The rights of `operator` suffice.
    Workers(workers::WorkersArgs),
    /// Has a worker take nothing new and finish what it has, so that it can be stopped, or looked at, without haste. It runs on, isn't
    /// ready (`/readyz`), and `workers` shows it. Needs the rights of `operator-write`.
    Drain(workers::DrainArgs),
    /// Checks that what is stored in Redis agrees with itself, in bounded steps, also while the system runs.
    #[command(
        after_help = "Examples:\n  webhooksctl check\n  webhooksctl check --repair --dry-run\n  webhooksctl check --repair --why 'the pager rang'"
    )]
    Check(check::CheckArgs),
    /// Prints a new key for SECRETS_KEY.
    SecretsKey,
    /// Works on the signing secrets that are stored.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// Lists the endpoints that have the most to do, by `--sort`; `endpoints enable` switches on again what failures have disabled.
    Endpoints(endpoints::EndpointsArgs),
    /// Writes endpoints as JSON Lines, of an account or of all; with `--secrets` all that an `import` needs. The rights of `operator` suffice.
    Export(export::ExportArgs),
    /// Makes endpoints from JSON Lines, with the ids and secrets that they had elsewhere; what is there already is left alone. Needs the rights
    /// of `operator-write`.
    Import(Box<import::ImportArgs>),
    /// Pauses an endpoint, all of an account, or all (`--all`), whatever its owner wants of it: what waits and what comes is parked. Its owner
    /// sees that, with the reason, and can't end it. Needs the rights of `operator-write`.
    #[command(
        after_help = "Examples:\n  webhooksctl pause ep_8f2k9c1m4x7b3d6h --reason 'your server asked us to stop'\n  webhooksctl pause org:org_2abc --dry-run\n  webhooksctl pause --all --reason 'we move' --yes"
    )]
    Pause(levers::PauseArgs),
    /// Lets an endpoint, or each of an account or of all (`--all`), have so many deliveries in a second at most, whatever its owner wants. Needs the rights of `operator-write`.
    #[command(
        after_help = "Examples:\n  webhooksctl throttle ep_8f2k9c1m4x7b3d6h --per-second 5\n  webhooksctl throttle org:org_2abc --per-second 50 --reason 'until Monday'"
    )]
    Throttle(levers::ThrottleArgs),
    /// Ends what `pause` or `throttle` began: what was parked is delivered. Needs the rights of `operator-write`.
    #[command(
        after_help = "Examples:\n  webhooksctl resume ep_8f2k9c1m4x7b3d6h\n  webhooksctl resume org:org_2abc --endpoints\n  webhooksctl resume --all --reason 'we move'"
    )]
    Resume(levers::ResumeArgs),
    /// Cancels all that waits for an endpoint, for all of an account, or for all (`--all`): for its turn, for a retry, in quarantine, or parked.
    /// A replay can send it again. Needs the rights of `operator-write`.
    #[command(
        after_help = "Examples:\n  webhooksctl discard ep_8f2k9c1m4x7b3d6h --dry-run\n  webhooksctl discard org:org_2abc --yes --why 'the customer asked for it'\n  webhooksctl discard --all --dry-run"
    )]
    Discard(levers::WaitingArgs),
    /// Lets go now what waits for an endpoint, for all of an account, or for all (`--all`): ends the hold that its receiver asked for, brings retries forward,
    /// serves what is in quarantine, and switches on what failures have disabled. Needs the rights of `operator-write`.
    #[command(
        after_help = "Examples:\n  webhooksctl release ep_8f2k9c1m4x7b3d6h\n  webhooksctl release --all --dry-run"
    )]
    Release(levers::WaitingArgs),
    /// Cancels a delivery, wherever it waits or is in flight, all of an event that are unfinished, or a replay that runs. Needs the rights of
    /// `operator-write`.
    Cancel(levers::CancelArgs),
    /// Sends again what has ended: a delivery, those of an event, or those of an endpoint, an account or all (`--all`) within a time span. Needs
    /// the rights of `operator-write`.
    #[command(
        after_help = "Examples:\n  webhooksctl replay dlv_01jq8z4m5n6p7r8s9tabcdefgh_8f2k9c1m4x7b3d6h\n  webhooksctl replay org:org_2abc --since 2026-03-26T15:30:00Z --status succeeded\n  webhooksctl replay --all --since 2026-03-26T15:30:00Z --dry-run"
    )]
    Replay(levers::ReplayArgs),
    /// Sends again what was exhausted since a moment, of an endpoint, an account or all (`--all`). Needs the rights of `operator-write`.
    #[command(
        after_help = "Examples:\n  webhooksctl requeue org:org_2abc --since 2026-03-26T15:30:00Z --wait\n  webhooksctl requeue --all --since 2026-03-26T15:30:00Z --dry-run"
    )]
    Requeue(levers::RequeueArgs),
    /// Lets go of finished events' payloads, and of logs, before they have reached their age: for room, or because they must not be kept. Needs
    /// the rights of `operator-write`.
    Purge(levers::PurgeArgs),
    /// What operators did with this tool, newest first: who, why, and what came of it. The rights of `operator` suffice.
    Audit(audit::AuditArgs),
    /// Erases what was kept of an event.
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// Reads what was delivered and why something failed, also what was packed into blocks, which `redis-cli` can't read.
    #[command(subcommand)]
    History(history::HistoryCommand),
    /// Makes and shows the identity of the store, accepts a store that was replaced, changes it to newer forms.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Prints new passwords for the users of Redis, and their hashes, as lines for `.env`.
    RedisPasswords(redis_users::Arguments),
    /// Prints a new signing secret, such as OPERATOR_EVENTS_SECRET.
    SigningSecret,
    /// Prints a new service key, and the entry of SERVICE_KEYS that makes it valid.
    ServiceKey(keys::ServiceKeyArgs),
    /// Makes, lists and revokes service keys that the store has, beside those of SERVICE_KEYS: without a restart of the API.
    #[command(subcommand)]
    Keys(service_keys::KeysCommand),
    /// Sets up development: makes keys that are not there yet, renews the dashboard token, writes dev.env.
    DevEnv(dev_env::DevEnvArgs),
    /// Asks a URL such as http://127.0.0.1:3000/healthz; succeeds when the answer is 200.
    Healthcheck(healthcheck::HealthcheckArgs),
}

fn main() -> ExitCode {
    program::memory::keep_to_ourselves();
    // Not clap's own messages: they repeat wrong values, which may be secrets.
    let arguments: Arguments = program::config::parse();
    let done = match arguments.command {
        Command::Status(arguments) => status::run(&arguments),
        Command::Accounts(arguments) => lists::accounts(&arguments),
        Command::Account(command) => account::run(&command),
        Command::Shards(arguments) => shards::run(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Why(arguments) => show::why(&arguments),
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Workers(arguments) => workers::workers(&arguments),
        Command::Drain(arguments) => workers::drain(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::SecretsKey => print(&keys::new_secrets_key()),
        Command::Secrets(command) => secrets::run(&command),
        Command::Endpoints(arguments) => endpoints::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Pause(arguments) => levers::pause(&arguments),
        Command::Throttle(arguments) => levers::throttle(&arguments),
        Command::Resume(arguments) => levers::resume(&arguments),
        Command::Discard(arguments) => levers::discard(&arguments),
        Command::Release(arguments) => levers::release(&arguments),
        Command::Cancel(arguments) => levers::cancel(&arguments),
        Command::Replay(arguments) => levers::replay(&arguments),
        Command::Requeue(arguments) => levers::requeue(&arguments),
        Command::Purge(arguments) => levers::purge(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Events(command) => events::run(&command),
        Command::History(command) => history::run(&command),
        Command::Store(command) => store::run(&command),
        Command::RedisPasswords(arguments) => print(&redis_users::new_passwords(&arguments)),
        Command::SigningSecret => print(SigningSecret::generate().expose()),
        Command::ServiceKey(arguments) => print(&keys::describe_new(&arguments)),
        Command::Keys(command) => service_keys::run(&command),
        Command::DevEnv(arguments) => dev_env::write(&arguments).and_then(|said| print(&said)),
        Command::Healthcheck(arguments) => healthcheck::ask(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("webhooksctl: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
