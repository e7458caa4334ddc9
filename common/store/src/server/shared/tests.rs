use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const BELIEVED_FOR: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_reading_is_made_once_while_it_is_believed() {
    let (reading, made) = (Reading::default(), AtomicU32::new(0));
    let read = || async { Ok(made.fetch_add(1, Ordering::Relaxed)) };
    assert_eq!(reading.get(BELIEVED_FOR, read()).await.unwrap(), 0);
    assert_eq!(reading.get(BELIEVED_FOR, read()).await.unwrap(), 0);
    assert_eq!(
        reading.get(Duration::ZERO, read()).await.unwrap(),
        1,
        "not believed at all"
    );
    assert_eq!(reading.get(BELIEVED_FOR, read()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_failure_is_told_to_whoever_tried_and_not_kept() {
    let reading = Reading::default();
    let failed = reading
        .get(BELIEVED_FOR, async { Err(StoreError::OutOfMemory) })
        .await;
    assert!(matches!(failed, Err::<u32, _>(StoreError::OutOfMemory)));
    assert_eq!(reading.get(BELIEVED_FOR, async { Ok(7) }).await.unwrap(), 7);
}

#[test]
fn while_somebody_reads_the_others_go_by_what_is_a_little_older() {
    let reading = Reading::default();
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    lock(&reading.0).last = Some((start, 7));
    assert_eq!(reading.known(at(9), Duration::from_secs(10)), Some(7));
    assert_eq!(
        reading.known(at(10), Duration::from_secs(10)),
        None,
        "too old: this one reads"
    );
    assert_eq!(
        reading.known(at(11), Duration::from_secs(10)),
        Some(7),
        "it is being read"
    );
    assert_eq!(
        reading.known(at(12), Duration::from_secs(10)),
        None,
        "that takes too long"
    );
}
