use super::*;

#[tokio::test]
async fn one_shard_is_enough_and_all_must_let_go() {
    let drain = Drain::default();
    drain.becomes(false).await;
    drain.set(3, true);
    drain.set(5, true);
    drain.becomes(true).await;
    drain.set(3, false);
    assert!(drain.is_on());
    let waiting = tokio::spawn({
        let drain = drain.clone();
        async move { drain.becomes(false).await }
    });
    drain.set(5, false);
    waiting.await.unwrap();
    assert!(!drain.is_on());
}
