//! The worker's process: reads the configuration, starts the worker, and stops it on a signal.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use program::signals::StopSignals;
use program::{files, memory, start, telemetry};
use tokio::net::TcpListener;
use worker::config::Config;

fn main() -> ExitCode {
    let config: Config = start::settings();
    telemetry::init(config.log.log_format);
    memory::keep_to_ourselves();
    match serve(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the worker ends: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config) -> anyhow::Result<()> {
    files::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(run(config));
    // A name lookup that nobody waits for any more can't be stopped, and must not delay the end.
    runtime.shutdown_timeout(Duration::from_millis(50));
    ended
}

async fn run(config: Config) -> anyhow::Result<()> {
    config.operator.check().map_err(anyhow::Error::msg)?;
    let signals = StopSignals::catch()?;
    let listener = TcpListener::bind(config.worker_listen)
        .await
        .with_context(|| format!("WORKER_LISTEN: can't listen on {}", config.worker_listen))?;
    worker::run(config, listener, stop_signal(signals)).await?;
    Ok(())
}

/// Waits for the first signal. One that comes more than a second later ends the process at once.
async fn stop_signal(mut signals: StopSignals) {
    signals.next().await;
    // A terminal signals its whole process group, and a supervisor in that group passes the signal on: both are one wish.
    let same_wish = Instant::now() + Duration::from_secs(1);
    tokio::spawn(async move {
        signals.next().await;
        while Instant::now() < same_wish {
            signals.next().await;
        }
        tracing::warn!("a second signal: ending at once");
        std::process::exit(130);
    });
}
