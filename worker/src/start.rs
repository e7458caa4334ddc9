//! From the configuration to running tasks: waits for Redis, looks at it, starts the parts, and has them supervised.

use std::sync::Arc;

use program::live::Live;
use program::signals::ReloadSignal;
use store::ready;
use tokio::net::TcpListener;
use traces::{Exporter, Tracer};

use crate::clock::Clock;
use crate::config::Config;
use crate::drain::Drain;
use crate::egress::Egress;
use crate::error::RunError;
use crate::fitness::Fitness;
use crate::metrics::Metrics;
use crate::observer::Interest;
use crate::operator_events;
use crate::outage::{Outage, Trouble};
use crate::parts::Parts;
use crate::presence::Identity;
use crate::probes::{self, Probes};
use crate::ready::wait_for_any;
use crate::reload::Reloaded;
use crate::shards::{KnownShards, WorkerShard};
use crate::stop::Stopper;
use crate::tasks::Tasks;
use crate::transport::resolver::SystemResolver;
use crate::transport::{self, Roots};

/// Runs a worker until `shutdown`, and then for at most `DELIVERY_TIMEOUT` and two seconds.
///
/// Without Redis it waits, and `/readyz` says so. After `shutdown` it takes nothing new, finishes what is in flight
/// and gives back the rest.
///
/// # Errors
///
/// [`RunError`] when the worker can't start, or a part of it ended unexpectedly.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RunError> {
    let reload = ReloadSignal::catch().map_err(RunError::Signals)?;
    let metrics = Metrics::new()?;
    let spans = metrics.spans.clone();
    let (tracer, exporter) = Tracer::new(
        &config.traces,
        "webhooks-worker",
        env!("CARGO_PKG_VERSION"),
        move |counted, number| spans.add(counted, number),
    );
    let exporting = exporter
        .map(Exporter::start)
        .transpose()
        .map_err(RunError::Traces)?;
    let observers = (metrics, tracer, reload);
    let ended = deliver(config, listener, observers, shutdown).await;
    if let Some(exporting) = exporting {
        exporting.finish().await;
    }
    ended
}

async fn deliver(
    config: Config,
    listener: TcpListener,
    (metrics, tracer, reload): (Metrics, Tracer, ReloadSignal),
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RunError> {
    let trouble = Trouble::new("Redis has not answered yet");
    let (stopper, stop) = Stopper::new();
    let client = client(&config)?;
    let clock = Clock::new(metrics.clock_skew.clone());
    let fitness = Fitness::new(metrics.clone());
    let egress = Egress::default();
    let (drain, identity) = (Drain::default(), Identity::of_process());
    let interest = Interest::default();
    let known = KnownShards::default();
    let mut pages = Tasks::default();
    let probes = Probes {
        shards: known.clone(),
        trouble: trouble.clone(),
        fitness: fitness.clone(),
        egress: egress.clone(),
        metrics: metrics.clone(),
        interest: interest.clone(),
        stopping: stop.clone(),
        drain: drain.clone(),
        clock: clock.clone(),
    };
    pages.spawn("health", async move {
        if let Err(error) = probes::serve(probes, listener).await {
            tracing::error!(%error, "the health pages could not be served");
        }
    });

    let mut shutdown = std::pin::pin!(shutdown);
    let errors = metrics.redis_errors.with_label_values(&["inspect"]);
    let outage = |trouble: &Trouble| Outage::new("start", errors.clone(), Some(trouble.clone()));
    let reached = async {
        let mut finding = outage(&trouble);
        let found = ready::find(&config.redis, |failure| {
            finding.failed(failure.error);
        });
        let shards = WorkerShard::all(&found.await?);
        known.set(shards.clone());
        let server = wait_for_any(&config, &shards, |shard| outage(&shard.trouble)).await?;
        Ok::<_, RunError>((shards, server))
    };
    let (shards, server) = tokio::select! {
        reached = reached => reached?,
        () = &mut shutdown => return Ok(()),
    };
    tracing::info!(
        server,
        shards = shards.len(),
        worker = %identity.name,
        "webhooks-worker {} started: {config}",
        env!("CARGO_PKG_VERSION")
    );
    if let Some(deprecated) = config.deprecated() {
        tracing::warn!("{deprecated}");
    }

    let operator = match config.operator.receiver() {
        Some(receiver) => {
            let client = operator_events::client(&receiver.url).map_err(RunError::Operator)?;
            Some((receiver, client))
        }
        None => None,
    };
    let keyring = Live::new(config.secrets.secrets_key.clone());
    let reloaded = Reloaded {
        keyring: keyring.clone(),
        operator: operator.as_ref().map(|(receiver, _)| receiver.secret.clone()),
        shards: shards.clone(),
    };
    pages.spawn("reload", reloaded.with(reload));
    let parts = Parts {
        config: &config,
        shards,
        metrics,
        interest,
        stop,
        client,
        clock,
        fitness,
        egress,
        tracer,
        keyring,
        drain,
        identity,
        operator,
    };
    parts.start(stopper, pages).run(shutdown).await
}

fn client(config: &Config) -> Result<transport::Client, RunError> {
    let settings = |roots| transport::Settings {
        addresses: config.urls.policy().addresses,
        roots,
        proxy: config.attempts.egress_proxy.0.clone(),
        most_at_address: config.concurrency.destination_concurrency,
        timeout: config.attempts.delivery_timeout.0,
    };
    let names = || {
        Arc::new(SystemResolver::for_attempts_of(
            config.attempts.delivery_timeout.0,
        ))
    };
    match transport::Client::new(settings(Roots::System), names()) {
        // Development without certificate authorities: plain http works, and https fails visibly.
        Err(RunError::Tls(error)) if config.urls.allow_http => {
            tracing::warn!(%error, "no certificate authorities were found, so no https receiver is trusted");
            transport::Client::new(settings(Roots::Only(Vec::new())), names())
        }
        built => built,
    }
}
