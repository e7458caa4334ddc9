//! A guarded Redis, on every server of this machine but the oldest: that one needs no patience.
//!
//! Proves (guarantees): Redis, guarded by the shipped access list, is restarted, killed, or rewrites its file
//! Proves (guarantees): the server's user `default` may not replay the file

use e2e::redis_server::{Program, programs};

use crate::f22_guarded_redis::{
    a_server_that_may_not_replay_is_refused_on, everything_is_kept_on, what_the_old_list_lost_comes_back_on,
};

fn newer() -> Vec<Program> {
    programs().split_off(1)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_kept_on_every_newer_server() {
    for program in newer() {
        everything_is_kept_on(&program).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_server_that_may_not_replay_is_refused() {
    for program in newer() {
        a_server_that_may_not_replay_is_refused_on(&program).await;
    }
}

/// Those that replay as `default`: up to Redis 8.0 and Valkey 8.1.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_restart_of_a_newer_server_with_the_old_list_lost_comes_back() {
    let checks = |name: &str| {
        ["Redis 7.", "Redis 8.0.", "Valkey 8."]
            .iter()
            .any(|start| name.starts_with(start))
    };
    for program in newer().iter().filter(|program| checks(&program.name)) {
        what_the_old_list_lost_comes_back_on(program).await;
    }
}
