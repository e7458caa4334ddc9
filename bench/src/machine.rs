//! What the numbers were measured on.

use std::process::Command;

use e2e::redis_server::find_program;

/// A load above which other work shows in the numbers.
const BUSY: f64 = 0.5;

/// Processor, kernel and Redis, in one line.
pub(crate) fn description() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let (processors, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = field(&processors, "model name").unwrap_or("unknown processor");
    let gib = field(&memory, "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "{cores} × {model}, {} GiB, Linux {}, {}",
        gib.unwrap_or(0) >> 20,
        read("/proc/sys/kernel/osrelease").trim(),
        redis_version()
    )
}

/// The load of the last minute, if it is so high that the numbers will show it.
pub(crate) fn busy() -> Option<f64> {
    let load = std::fs::read_to_string("/proc/loadavg").ok()?;
    let load = load.split(' ').next()?.parse().ok()?;
    (load > BUSY).then_some(load)
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// `Valkey server v=9.1.2`, as the program says it.
fn redis_version() -> String {
    let said = Command::new(find_program()).arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let words: Vec<_> = said.as_deref().unwrap_or_default().split(' ').take(3).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
