//! Keeps what is in memory there.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps of this process, since its memory holds keys and payloads. Besides, only root can look into it from now on.
///
/// A dump into a file heeds the limit, one into a program (`core_pattern` with `|`) only the other. Where the system refuses either,
/// the program goes on with what it could get.
pub fn keep_to_ourselves() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let limited = setrlimit(Resource::Core, none);
    let undumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = limited.and(undumpable) {
        tracing::warn!(%error, "core dumps can't be switched off");
    }
}
