//! The scenarios: what is measured, in which variants, and what is compared with what.

mod outsiders;

mod steady;

mod throughput;

mod latency;

mod observed;

mod noisy;

mod few_workers;

mod one_host;

mod doors;

mod neighbours;

mod names;

mod backlog;

mod growth;

mod history;

mod idle;

mod start_stop;

mod memory;

mod packing;

mod calls;

mod cluster;

mod setting;

use std::fmt;

use clap::ValueEnum;

use crate::measured::Measured;
pub(crate) use setting::Setting;
use throughput::Shape;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Events of one endpoint, as fast as they are taken.
    Ingest,
    /// Each event to ten endpoints.
    Fanout,
    /// How soon an event arrives at 200 a second.
    Latency,
    /// How much later it arrives when other endpoints hang.
    Noisy,
    /// How much of what receivers with few workers can do they are asked for, and no more.
    FewWorkers,
    /// How soon an event arrives at endpoints that share a host, some of which hang.
    OneHost,
    /// How much later it arrives when more clients than there is room for send or read slowly.
    Doors,
    /// How much later it arrives beside neighbours that take slots, processor time, or the account's budget.
    Neighbours,
    /// How much later it arrives beside names that are never answered, or many names of one address that hangs.
    Names,
    /// How much later it arrives when another endpoint has a backlog.
    Backlog,
    /// How much later it arrives while history is packed.
    Packing,
    /// What a delivery costs Redis with 10 to 10,000 endpoints and 1,000 to 1,000,000 deliveries waiting.
    Growth,
    /// One to four workers.
    Workers,
    /// What default logs cost, and metrics that are read: each event to ten endpoints.
    Observed,
    /// Events of many accounts, on one server and on clusters of one to three primaries.
    Cluster,
    /// A system that has nothing to do.
    Idle,
    /// From the start to the first delivery; the end under load.
    StartStop,
    /// 512 deliveries in flight; what an event takes once it is delivered.
    Memory,
    /// What each call of the API costs Redis at 10,000 endpoints and 1,000,000 stored deliveries.
    Calls,
}

/// A variant, and the one it is compared with: the value of the first is divided by that of the second.
pub(crate) type Ratio = (&'static str, &'static str);

impl Scenario {
    /// One line.
    pub(crate) fn about(self, setting: Setting) -> String {
        match self {
            Self::Ingest => Shape::ingest(setting).about(),
            Self::Fanout => Shape::fanout(setting).about(),
            Self::Latency => latency::about(setting),
            Self::Noisy => noisy::about(setting),
            Self::FewWorkers => few_workers::about(setting),
            Self::OneHost => one_host::about(setting),
            Self::Doors => doors::about(setting),
            Self::Neighbours => neighbours::about(setting),
            Self::Names => names::about(setting),
            Self::Backlog => backlog::about(setting),
            Self::Packing => packing::about(setting),
            Self::Growth => growth::about(setting),
            Self::Workers => format!("{}, one to four workers", Shape::fanout(setting).about()),
            Self::Observed => format!(
                "{}, with logs and metrics and without",
                Shape::fanout(setting).about()
            ),
            Self::Cluster => cluster::about(setting),
            Self::Idle => idle::about(setting),
            Self::StartStop => start_stop::about(setting),
            Self::Memory => memory::about(),
            Self::Calls => calls::about(setting),
        }
    }

    /// Why it can't be measured on this machine.
    pub(crate) fn obstacle(self) -> Option<String> {
        match self {
            Self::Names => names::obstacle(),
            _ => None,
        }
    }

    /// What is measured in each run, in this order.
    pub(crate) fn variants(self, setting: Setting) -> Vec<&'static str> {
        let all: &[_] = match self {
            Self::Ingest | Self::Fanout => &["webhooks", "bullmq", "bare"],
            Self::Latency => latency::VARIANTS,
            Self::Idle => &["webhooks", "bullmq"],
            Self::Noisy => noisy::VARIANTS,
            Self::FewWorkers => &["1 at a time", "3 at a time", "8 at a time", "32 at a time"],
            Self::OneHost => &["10 hosts", "1 host", "1 host, 4 hang"],
            Self::Doors => &["no crowd", "slow senders", "slow readers"],
            Self::Neighbours => &["alone", "fresh ones hang", "signatures examined", "budget full"],
            Self::Names => &["alone", "silent names", "wildcard names"],
            Self::Backlog => &["no backlog", "backlog"],
            Self::Packing => packing::VARIANTS,
            Self::Growth => &growth::SIZES.map(|(name, ..)| name),
            Self::Workers => &["1 worker", "2 workers", "3 workers", "4 workers"],
            Self::Observed => &["silent", "observed"],
            Self::Cluster => cluster::VARIANTS,
            Self::StartStop | Self::Calls => &["webhooks"],
            Self::Memory => memory::VARIANTS,
        };
        let is_meant = |variant: &str| match setting.only {
            Some(name) if all.contains(&name) => variant == name,
            Some(part) => variant.contains(part),
            None => true,
        };
        all.iter()
            .copied()
            .filter(|variant| setting.peer || !variant.starts_with("bullmq"))
            .filter(|variant| is_meant(variant))
            .collect()
    }

    /// What is compared.
    pub(crate) const fn ratios(self) -> &'static [Ratio] {
        match self {
            Self::Ingest | Self::Fanout => &[("webhooks", "bullmq"), ("webhooks", "bare")],
            Self::Latency => latency::RATIOS,
            Self::Idle => &[("webhooks", "bullmq")],
            Self::Noisy => noisy::RATIOS,
            Self::FewWorkers => &[
                ("1 at a time", "32 at a time"),
                ("3 at a time", "32 at a time"),
                ("8 at a time", "32 at a time"),
            ],
            Self::OneHost => &[("1 host", "10 hosts"), ("1 host, 4 hang", "1 host")],
            Self::Doors => &[("slow senders", "no crowd"), ("slow readers", "no crowd")],
            Self::Neighbours => &[
                ("fresh ones hang", "alone"),
                ("signatures examined", "alone"),
                ("budget full", "alone"),
            ],
            Self::Names => &[("silent names", "alone"), ("wildcard names", "alone")],
            Self::Backlog => &[("backlog", "no backlog")],
            Self::Packing => packing::RATIOS,
            Self::Growth => &[("10,000, 1,000,000", "10, 1,000")],
            Self::Workers => &[
                ("2 workers", "1 worker"),
                ("3 workers", "1 worker"),
                ("4 workers", "1 worker"),
            ],
            Self::Observed => &[("observed", "silent")],
            Self::Cluster => cluster::RATIOS,
            Self::StartStop | Self::Memory | Self::Calls => &[],
        }
    }

    /// One run of one variant.
    pub(crate) async fn measure(self, variant: &str, setting: Setting) -> Measured {
        match self {
            Self::Ingest => throughput::measure(variant, Shape::ingest(setting)).await,
            Self::Fanout => throughput::measure(variant, Shape::fanout(setting)).await,
            Self::Latency => latency::measure(variant, setting).await,
            Self::Noisy => noisy::measure(variant, setting).await,
            Self::FewWorkers => few_workers::measure(variant, setting).await,
            Self::OneHost => one_host::measure(variant, setting).await,
            Self::Doors => doors::measure(variant, setting).await,
            Self::Neighbours => neighbours::measure(variant, setting).await,
            Self::Names => names::measure(variant, setting).await,
            Self::Backlog => backlog::measure(variant, setting).await,
            Self::Packing => packing::measure(variant, setting).await,
            Self::Growth => growth::measure(variant, setting).await,
            Self::Workers => {
                let mut measured = throughput::measure(variant, Shape::fanout(setting)).await;
                let duplicates = measured.value("duplicates");
                measured.demand(duplicates == Some(0.0), format!("{duplicates:?} duplicates"));
                measured
            }
            Self::Observed => observed::measure(variant, Shape::fanout(setting)).await,
            Self::Cluster => cluster::measure(variant, setting).await,
            Self::Idle => idle::measure(variant, setting).await,
            Self::StartStop => start_stop::measure(setting).await,
            Self::Memory => memory::measure(variant, setting).await,
            Self::Calls => calls::measure(setting).await,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("no scenario is hidden");
        formatter.write_str(value.get_name())
    }
}

/// The number of workers in a variant's name; one where it names none.
fn variant_workers(variant: &str) -> usize {
    let number = variant.split_once(" worker").map(|(number, _)| number);
    number.map_or(1, |number| number.parse().expect("a number of workers"))
}
