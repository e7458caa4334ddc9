//! Measures what each durability level can lose: kills Redis under load, again and again, and looks for every acknowledged
//! event.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use e2e::client::Pushed;
use e2e::load::{Load, Shape};
use e2e::receiver::Receiver;
use e2e::system::System;

/// How long callers push to measure the rate, and before each kill.
const MEASURE_FOR: Duration = Duration::from_secs(10);
const BEFORE_A_KILL: Duration = Duration::from_millis(1500);

struct Level {
    name: &'static str,
    redis: &'static [&'static str],
    durability: &'static str,
}

const LEVELS: [Level; 3] = [
    Level {
        name: "appendfsync always",
        redis: &["--appendfsync", "always"],
        durability: "aof",
    },
    Level {
        name: "appendfsync everysec",
        redis: &["--appendfsync", "everysec"],
        durability: "memory",
    },
    Level {
        name: "no append-only file",
        redis: &["--appendonly", "no"],
        durability: "memory",
    },
];

#[derive(Default)]
struct Losses {
    acknowledged: usize,
    lost: usize,
    kills_that_lost: u32,
    most: usize,
}

/// Measures all levels, and prints the table.
pub(crate) async fn measure(kills: u32) {
    println!(
        "| level | accepted events/s | kills | acknowledged | present | lost | kills that lost some | most in one kill |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for level in LEVELS {
        let rate = rate(&level).await;
        let losses = kill(&level, kills).await;
        println!(
            "| {} | {rate:.0} | {kills} | {} | {} | {} | {} | {} |",
            level.name,
            losses.acknowledged,
            losses.acknowledged - losses.lost,
            losses.lost,
            losses.kills_that_lost,
            losses.most
        );
    }
}

async fn start(level: &Level) -> (System, Receiver) {
    let builder = System::builder()
        .workers(0)
        .redis(level.redis)
        .env("ACK_DURABILITY", level.durability);
    let (system, receiver) = (builder.start().await, Receiver::start().await);
    system
        .customer()
        .create_endpoint(&receiver.url("/sink"), &["*"])
        .await;
    (system, receiver)
}

/// A load that keeps the API as busy as 64 callers can.
pub(crate) fn load(system: &System, name: &str) -> Load {
    let shape = Shape {
        callers: 64,
        pause: Duration::ZERO,
        accounts: vec![system.account().to_owned()],
        at_most: usize::MAX,
        fill: 0,
    };
    Load::start_as(system, name, &shape)
}

/// How many events a second the API accepts from 64 callers.
async fn rate(level: &Level) -> f64 {
    let (system, _receiver) = start(level).await;
    let load = load(&system, "rate");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, began) = (load.accepted(), Instant::now());
    tokio::time::sleep(MEASURE_FOR).await;
    let count = load.accepted() - before;
    let rate = f64::from(u32::try_from(count).unwrap()) / began.elapsed().as_secs_f64();
    load.stop().await;
    rate
}

/// Kills Redis under load, and counts the acknowledged events that are missing when it is back.
async fn kill(level: &Level, kills: u32) -> Losses {
    let (mut system, receiver) = start(level).await;
    let mut losses = Losses::default();
    for round in 0..kills {
        let load = load(&system, &format!("kill-{round}"));
        // `everysec` syncs once a second: each kill comes at another moment of that second.
        tokio::time::sleep(BEFORE_A_KILL + Duration::from_millis(u64::from(round % 10) * 100)).await;
        tokio::task::block_in_place(|| {
            system.redis.kill9();
            system.redis.restart();
        });
        let present = present(&system);
        if present.is_empty() {
            // Without a file everything is gone, the endpoint too.
            system
                .customer()
                .create_endpoint(&receiver.url("/sink"), &["*"])
                .await;
        }
        let loaded = load.stop().await;
        let after = self::present(&system);
        let stored: Vec<&Pushed> = loaded
            .accepted
            .iter()
            .filter(|event| event.deliveries > 0)
            .collect();
        let lost = stored.iter().filter(|event| !after.contains(&event.id)).count();
        losses.acknowledged += stored.len();
        losses.lost += lost;
        losses.most = losses.most.max(lost);
        losses.kills_that_lost += u32::from(lost > 0);
    }
    losses
}

/// The ids of all events that are in Redis.
fn present(system: &System) -> HashSet<String> {
    let prefix = e2e::state::key("event:");
    tokio::task::block_in_place(|| {
        let connection = &mut e2e::state::connect(&system.redis);
        e2e::state::keys(connection, "event:*")
            .into_iter()
            .map(|key| key.trim_start_matches(&prefix).to_owned())
            .collect()
    })
}
