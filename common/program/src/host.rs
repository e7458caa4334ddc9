//! What this machine is called.

/// Its name, as the kernel has it; else `HOSTNAME`, else `host`.
#[must_use]
pub fn name() -> String {
    let kernels = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let known = [
        kernels.trim().to_owned(),
        std::env::var("HOSTNAME").unwrap_or_default(),
    ];
    let found = known.into_iter().find(|name| !name.is_empty());
    found.unwrap_or_else(|| "host".to_owned())
}
