//! What this machine is called.

/// Its name, as the kernel has it; else `host`.
#[must_use]
pub fn name() -> String {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    if name.is_empty() {
        "host".to_owned()
    } else {
        name.into_owned()
    }
}
