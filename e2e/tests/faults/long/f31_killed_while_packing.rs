//! The same as `f31_killed_while_packing`, for many blocks.
//!
//! Proves (guarantees): a worker, or Redis, is killed while history is packed

use e2e::thorough::times;

use crate::f31_killed_while_packing::pack_and_kill;

#[tokio::test(flavor = "multi_thread")]
async fn every_payload_and_every_attempt_is_found_once() {
    pack_and_kill(times(2, 4), 3000, 50).await;
}
