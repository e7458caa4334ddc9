//! What is written: `RUST_LOG`, as everybody knows it, but that a level alone is that of our own code. Of the libraries below it, which say
//! at `debug` what they do with each packet, it is meant only if their names are given: `debug,hyper=debug`.

use tracing_subscriber::EnvFilter;

/// Our own crates, and what the programs themselves say.
const OURS: [&str; 12] = [
    "api",
    "domain",
    "doctor",
    "history",
    "program",
    "serve",
    "store",
    "traces",
    "webhooks_api",
    "webhooks_worker",
    "webhooksctl",
    "worker",
];

/// What libraries say unless they are named: nothing below these.
const OTHERS: &str = "info,poem=warn";

/// The filter that follows from `RUST_LOG`, and whether that couldn't be read.
pub(super) fn filter(set: &str) -> (EnvFilter, bool) {
    match EnvFilter::builder().parse(directives(set)) {
        Ok(filter) => (filter, false),
        Err(_) => (EnvFilter::new(OTHERS), true),
    }
}

fn directives(set: &str) -> String {
    let each = || set.split(',').map(str::trim).filter(|one| !one.is_empty());
    // Whoever wants less than usual wants it of all.
    let is_less = each().any(|one| {
        let one = one.to_ascii_lowercase();
        matches!(one.as_str(), "warn" | "error" | "off" | "0" | "1" | "2")
    });
    let mut directives = if is_less { "info" } else { OTHERS }.to_owned();
    for one in each() {
        match one.to_ascii_lowercase().as_str() {
            level @ ("debug" | "trace" | "4" | "5") => {
                for name in OURS {
                    directives += &format!(",{name}={level}");
                }
            }
            // What comes later counts.
            _ => directives += &format!(",{one}"),
        }
    }
    directives
}

#[cfg(test)]
mod tests;
