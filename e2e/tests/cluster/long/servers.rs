//! Clusters of every server program that there is.
//!
//! Proves (guarantees): the primary of a cluster that serves the shard is killed under load
//! Proves (guarantees): `webhooksctl shards move` under load

use e2e::redis_server::programs;

use crate::guarded::{goes_on, moves_a_shard};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_program_the_nodes_run() {
    for program in programs() {
        eprintln!("{}", program.name);
        goes_on(&program, None).await;
        moves_a_shard(&program).await;
    }
}
