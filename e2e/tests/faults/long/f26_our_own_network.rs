//! Our own network is away for a minute, as long as it took to disable 80 of 200 endpoints once.
//!
//! Proves (guarantees): our own network or resolver fails
//! Proves (guarantees): our own network is down

use std::collections::HashSet;
use std::time::{Duration, Instant};

use e2e::namespaces::run_apart;

use crate::f26_our_own_network::{Scene, set_network, set_the_network_up};
use crate::worker_scene::{counter, wait_for_metric};

/// How long it is away.
const AWAY: Duration = Duration::from_secs(60);

/// What the test pushes meanwhile, and how often.
const PUSH_EVERY: Duration = Duration::from_secs(5);

#[test]
fn a_minute_without_a_network_disables_nobody_and_costs_no_attempt_once_it_is_recognised() {
    run_apart(
        &["--mount", "--net"],
        "long::f26_our_own_network::a_minute_without_a_network_disables_nobody_and_costs_no_attempt_once_it_is_recognised",
        async || {
            let names = set_the_network_up();
            let mut scene = Scene::start(names, "10s").await;
            set_network(false);
            let gone = Instant::now();
            scene.push(12).await;
            // One customer's host is away for reasons of its own.
            let dead = scene.push_to_nobody().await;
            let taken_back = "webhooks_worker_strikes_taken_back_total";
            wait_for_metric(&scene.system.workers[0], taken_back, 1.0).await;
            scene.nobody_is_disabled().await;

            let redis = &scene.system.redis;
            let attempts = counter(redis, "attempts");
            let recognised = gone.elapsed();
            let before = scene.pushed.len();
            while gone.elapsed() < AWAY {
                scene.push(1).await;
                let pushed = Instant::now();
                while pushed.elapsed() < PUSH_EVERY {
                    assert_eq!(scene.disabled().await, 0, "after {:?}", gone.elapsed());
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
            assert_eq!(
                counter(&scene.system.redis, "attempts"),
                attempts,
                "what fails after {recognised:?} is no attempt"
            );
            let late: HashSet<_> = scene.pushed[before..]
                .iter()
                .map(|event| event.id.clone())
                .collect();
            assert!(!late.is_empty(), "recognised after {recognised:?}");

            set_network(true);
            scene.all_arrive().await;
            for request in scene.receiver.received() {
                if late.contains(request.expect_header("webhook-id")) {
                    assert_eq!(request.expect_header("x-rkt-attempt"), "1");
                }
            }
            scene.is_disabled(&dead).await;
            assert_eq!(scene.disabled().await, 1, "nobody else");
            scene.balances().await;
        },
    );
}
