//! The same as `f34_workers_come_and_go`, with sixteen workers.
//!
//! Proves (guarantees): workers join, stop, die and leave under load, from one to sixteen

#[tokio::test(flavor = "multi_thread")]
async fn up_to_sixteen() {
    crate::f34_workers_come_and_go::up_to_sixteen().await;
}
