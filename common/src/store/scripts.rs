//! The Lua scripts, each with the shared prelude in front.

use redis::Script;

/// Says what a script may do while Redis is out of memory (Redis and Valkey from 7.0).
#[derive(Debug, Clone, Copy)]
enum Memory {
    /// It takes new work in, so it is refused as a whole.
    Refused,
    /// It finishes work or frees memory.
    Allowed,
}

/// All scripts, compiled to their hashes once.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) accept: Script,
    pub(super) work: Script,
    pub(super) upkeep: Script,
    pub(super) endpoint_create: Script,
    pub(super) endpoint_update: Script,
    pub(super) endpoint_remove: Script,
    pub(super) endpoint_list: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            accept: script(Memory::Refused, include_str!("lua/accept.lua")),
            work: script(Memory::Allowed, include_str!("lua/work.lua")),
            upkeep: script(Memory::Allowed, include_str!("lua/upkeep.lua")),
            endpoint_create: script(Memory::Refused, include_str!("lua/endpoint_create.lua")),
            endpoint_update: script(Memory::Allowed, include_str!("lua/endpoint_update.lua")),
            endpoint_remove: script(Memory::Allowed, include_str!("lua/endpoint_remove.lua")),
            endpoint_list: script(Memory::Allowed, include_str!("lua/endpoint_list.lua")),
        }
    }
}

fn script(memory: Memory, body: &str) -> Script {
    let flags = match memory {
        Memory::Refused => "",
        Memory::Allowed => " flags=allow-oom",
    };
    Script::new(&format!(
        "#!lua{flags}\n{}{body}",
        include_str!("lua/prelude.lua")
    ))
}
