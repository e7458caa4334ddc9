//! What processes use, as the kernel counts it.

/// The processor seconds that a process has used, all threads together, to a hundredth.
///
/// # Panics
///
/// When it doesn't run.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let ticks = f64::from(u32::try_from(rustix::param::clock_ticks_per_second()).unwrap());
    f64::from(ticks_used(&stat).unwrap()) / ticks
}

/// The most memory that a process has had, in MiB.
pub(crate) fn peak_mib(pid: u32) -> f64 {
    memory_mib(pid, "VmHWM:")
}

/// The memory that a process has, in MiB.
pub(crate) fn resident_mib(pid: u32) -> f64 {
    memory_mib(pid, "VmRSS:")
}

fn memory_mib(pid: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    f64::from(kib(&status, name).unwrap()) / 1024.0
}

/// User and system time in `/proc/<pid>/stat`. The program's name, in parentheses, may hold anything.
fn ticks_used(stat: &str) -> Option<u32> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(ticks()? + ticks()?)
}

fn kib(status: &str, name: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
