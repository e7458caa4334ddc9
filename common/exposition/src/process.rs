//! What the system knows of this process, under the names that Prometheus's own clients use.

use std::fs;
use std::time::Duration;

use crate::page::{Kind, Page, number};

/// How many ticks a second Linux tells times in, on every machine.
const TICKS: f64 = 100.0;

/// What was read of the process. What can't be read is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Seen {
    cpu_seconds: Option<f64>,
    resident: Option<u64>,
    threads: Option<u64>,
    open_files: Option<u64>,
    most_files: Option<u64>,
}

/// Tells of the process, which has `started` so long after 1970.
pub(crate) fn tell(page: &mut Page, started: Duration) {
    let seen = look();
    let mut gauge = |name, help, value: Option<f64>| tell_one(page, name, help, Kind::Gauge, value);
    gauge(
        "process_start_time_seconds",
        "When the process started, in seconds since 1970.",
        Some(started.as_secs_f64()),
    );
    gauge(
        "process_resident_memory_bytes",
        "Memory of the process.",
        seen.resident.map(number),
    );
    gauge(
        "process_threads",
        "Threads of the process.",
        seen.threads.map(number),
    );
    gauge(
        "process_open_fds",
        "Open files and connections.",
        seen.open_files.map(number),
    );
    gauge(
        "process_max_fds",
        "How many files and connections may be open.",
        seen.most_files.map(number),
    );
    tell_one(
        page,
        "process_cpu_seconds_total",
        "Processor time of the process.",
        Kind::Counter,
        seen.cpu_seconds,
    );
}

fn tell_one(page: &mut Page, name: &'static str, help: &str, kind: Kind, value: Option<f64>) {
    let mut family = page.family(name, help, kind);
    if let Some(value) = value {
        family.sample(&[], value);
    }
}

fn look() -> Seen {
    let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    let mut seen = Seen::read(&read("stat"), &read("status"), &read("limits"));
    // One of them is the directory itself.
    let files = fs::read_dir("/proc/self/fd").map(|files| files.count().saturating_sub(1));
    seen.open_files = files.ok().and_then(|files| files.try_into().ok());
    seen
}

impl Seen {
    /// Reads what Linux writes into these files of `/proc/self`.
    fn read(stat: &str, status: &str, limits: &str) -> Self {
        // The second field is the program's name, in brackets, and may have anything in it.
        let mut times = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .map_while(|field| field.parse().ok());
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let most_files = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"))
            .and_then(|line| line.split_whitespace().next()?.parse().ok());
        Self {
            cpu_seconds: times
                .next()
                .zip(times.next())
                .map(|(user, system): (u64, u64)| number(user + system) / TICKS),
            resident: field("VmRSS:").map(|kilobytes| kilobytes * 1024),
            threads: field("Threads:"),
            open_files: None,
            most_files,
        }
    }
}

#[cfg(test)]
mod tests;
