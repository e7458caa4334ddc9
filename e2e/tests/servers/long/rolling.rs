//! More restarts of two APIs in turn.
//!
//! Proves (guarantees): two APIs are restarted in turn

use crate::rolling::restarted_in_turn;

#[tokio::test(flavor = "multi_thread")]
async fn six_restarts_with_time_for_balancers_that_ask_fail_no_call() {
    restarted_in_turn(6, &[("DRAIN_DELAY", "1s")]).await;
}
