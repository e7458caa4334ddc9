//! Measures what waiting for replicas costs: how many events a second the API accepts while it waits for some, or for none.

use std::time::{Duration, Instant};

use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::system::System;

use crate::durability::load;

/// What a 202 waits for, each with the same two replicas.
const LEVELS: [&str; 3] = ["aof", "replicas:1", "replicas:2"];

/// Each level is measured so often, in turns, since the machine changes more than the levels differ.
const ROUNDS: u32 = 4;
const MEASURE_FOR: Duration = Duration::from_secs(5);

/// Measures all levels, and prints the table.
pub(crate) async fn measure() {
    let primary = RedisServer::start();
    let replicas = [primary.start_replica().await, primary.start_replica().await];
    let builder = System::builder().workers(0).env("ACK_DURABILITY", LEVELS[0]);
    let mut system = builder.on(primary).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    drop(customer.create_endpoint(&receiver.url("/sink"), &["*"]).await);
    let mut accepted = [0_usize; LEVELS.len()];
    for round in 0..ROUNDS {
        for (level, count) in LEVELS.into_iter().zip(&mut accepted) {
            assert!(system.api.terminate().success(), "{}", system.api.log());
            system
                .environment
                .push(("ACK_DURABILITY".to_owned(), level.to_owned()));
            system.api = system.another_api().await;
            *count += accept(&system, &format!("{level}-{round}")).await;
        }
    }
    println!(
        "\n| a 202 waits for | accepted events/s | of `{}` |\n|---|---:|---:|",
        LEVELS[0]
    );
    for (level, count) in LEVELS.into_iter().zip(accepted) {
        let as_float = |number: usize| f64::from(u32::try_from(number).unwrap());
        println!(
            "| `{level}` | {:.0} | {:.2} |",
            as_float(count) / (MEASURE_FOR * ROUNDS).as_secs_f64(),
            as_float(count) / as_float(accepted[0])
        );
    }
    system.stop();
    drop(replicas);
}

/// How many events the API accepts.
async fn accept(system: &System, name: &str) -> usize {
    let load = load(system, name);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, began) = (load.accepted(), Instant::now());
    tokio::time::sleep(MEASURE_FOR.saturating_sub(began.elapsed())).await;
    let count = load.accepted() - before;
    load.stop().await;
    count
}
