//! Which process this is.

use std::sync::OnceLock;

/// The name of the machine and the number of the process, such as `web-1:4711`: what tells one program of a kind from another in a log.
#[must_use]
pub fn name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let system = rustix::system::uname();
        format!("{}:{}", system.nodename().to_string_lossy(), std::process::id())
    })
}
