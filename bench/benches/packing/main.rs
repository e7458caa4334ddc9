//! What packing costs the processor, Redis's and this process's, for an event that was delivered to one endpoint: its payload and its
//! attempt. Unlike wall time, that hardly depends on the disk. (`bench run memory` compares it with what delivering costs.)
//!
//! All events are finished before the first is packed, so that Redis finds them where they came to lie, and not in its caches.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by a panic")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../scripts/scene.rs"]
#[expect(dead_code, reason = "the benchmarks of scripts use more of it")]
mod scene;

mod words;

use std::time::Duration;

use domain::clock::Timestamp;
use domain::event::Payload;
use domain::id::EventId;
use e2e::redis_clock;
use store::events::NewEvent;
use store::history::{Found, NewBlock, Series, Unpacked, Written};

use scene::{AT_ONCE, Scene};
use words::Words;

/// How many events are packed, in calls of so many.
const EVENTS: u32 = 20_480;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names = arguments.iter().filter(|argument| !argument.starts_with("--"));
    if names.clone().count() > 0 && !names.into_iter().any(|name| "packing".contains(name.as_str())) {
        return;
    }
    let is_test = arguments.iter().any(|argument| argument == "--test");
    measure(if is_test { 1024 } else { EVENTS });
}

/// Which part of packing.
#[derive(Clone, Copy)]
enum Part {
    Read,
    Pack,
    Write,
}

/// Processor time (µs) of Redis and of this process.
#[derive(Default, Clone, Copy)]
struct Used {
    redis: f64,
    own: f64,
}

fn measure(events: u32) {
    let (scene, endpoints) = Scene::with_endpoints(1);
    finish(&scene, events);
    redis_clock::jump(&scene.redis, 61_000);
    let all = [
        (
            "payloads",
            Series::Events {
                account: scene.account.clone(),
                class: "delivered".parse().unwrap(),
            },
        ),
        (
            "attempts",
            Series::Log {
                endpoint: endpoints[0].clone(),
                account: scene.account.clone(),
            },
        ),
    ];
    for (name, series) in all {
        let found = Found {
            series,
            takes_little: false,
        };
        let (used, blocks) = pack(&scene, &found);
        println!("{name}, {blocks} blocks, processor µs each:");
        for (part, used) in ["read", "pack", "write"].iter().zip(used) {
            let each = |used: f64| used / f64::from(events);
            println!(
                "  {part:5}  Redis {:5.2}  worker {:5.2}",
                each(used.redis),
                each(used.own)
            );
        }
    }
}

/// Packs all that is worth a block; returns what each part used, and how many blocks there are.
fn pack(scene: &Scene, found: &Found) -> ([Used; 3], u32) {
    let (mut used, mut blocks) = ([Used::default(); 3], 0);
    let mut last = now(scene);
    let mut count = |part: Part| {
        let next = now(scene);
        let of = &mut used[part as usize];
        of.redis += next.redis - last.redis;
        of.own += next.own - last.own;
        last = next;
    };
    loop {
        let read: Option<Unpacked> = scene.block_on(scene.store.read_unpacked(found)).unwrap();
        count(Part::Read);
        let Some(read) = read else { break };
        let block: NewBlock = read.pack().unwrap();
        drop(read);
        count(Part::Pack);
        let written = scene.block_on(scene.store.write_block(&block)).unwrap();
        drop(block);
        count(Part::Write);
        assert_eq!(written, Written::Done);
        blocks += 1;
    }
    (used, blocks)
}

fn now(scene: &Scene) -> Used {
    Used {
        redis: processor_micros(scene.redis.id()),
        own: own_micros(),
    }
}

/// What this process has used.
fn own_micros() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as f64 * 1e6 + used.tv_nsec as f64 / 1e3
}

/// What a process has used that waits now, by the scheduler's count.
fn processor_micros(process: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanos = threads.map(|thread| {
        let stat = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        stat.split(' ').next().unwrap().parse::<f64>().unwrap()
    });
    nanos.sum::<f64>() / 1000.0
}

/// Delivers so many events.
fn finish(scene: &Scene, events: u32) {
    let mut words = Words::new();
    for sequence in 1..=u64::from(events / AT_ONCE) {
        let new = (0..AT_ONCE).map(|_| event(scene, &mut words)).collect();
        scene.block_on(scene.accept(new));
        let leased = scene.block_on(scene.fetch(2 * sequence)).leased;
        scene.block_on(scene.complete(2 * sequence + 1, &leased));
    }
    // Nobody waits for what was only just done.
    std::thread::sleep(Duration::from_millis(100));
}

fn event(scene: &Scene, words: &mut Words) -> NewEvent {
    let now = Timestamp::now();
    let data = format!(r#"{{"text":"{}"}}"#, words.text());
    NewEvent {
        id: EventId::new(now.as_millis()),
        payload: Payload::build(
            "message.received".parse().unwrap(),
            "cmf9n7u1c",
            now,
            &data,
            1 << 20,
        )
        .unwrap(),
        event: "message.received".parse().unwrap(),
        ..scene.new_event()
    }
}
