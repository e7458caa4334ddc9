use std::time::Duration;

use super::*;

const CAPACITY: Capacity = Capacity {
    slots: 160,
    bytes: 1600,
};

#[test]
fn who_is_alone_has_everything() {
    let pool = Pool::shared_by(1, CAPACITY);
    assert_eq!(pool[0].share(3, 0, 5, true), None);
}

#[test]
fn one_busy_shard_takes_all_but_the_spare() {
    let pool = Pool::shared_by(4, CAPACITY);
    let share = pool[0].share(0, 0, 0, true).unwrap();
    assert_eq!((share.slots, share.slow, share.bytes), (150, 75, 1500));
    // Who has little may use what it leaves.
    pool[0].share(150, 75, 1500, true);
    let share = pool[1].share(0, 0, 0, false).unwrap();
    assert_eq!(
        (share.slots, share.slow, share.bytes, share.elsewhere),
        (10, 20, 100, 150)
    );
}

#[test]
fn busy_shards_get_equal_parts() {
    let pool = Pool::shared_by(4, CAPACITY);
    pool[0].share(150, 0, 0, true);
    assert_eq!(pool[1].share(0, 0, 0, true).unwrap().slots, 10);
    // The first one's share is half now but for the spare, so what ends there goes to the second.
    assert_eq!(pool[0].share(149, 0, 0, true).unwrap().slots, 70);
    assert_eq!(pool[1].share(10, 0, 0, true).unwrap().slots, 11);
    pool[0].share(70, 0, 0, true);
    assert_eq!(pool[1].share(11, 0, 0, true).unwrap().slots, 70);
    // Of three busy ones none may have more than a third, whoever came first; the third gets what they give back, and the spare at once.
    pool[1].share(70, 0, 0, true);
    assert_eq!(pool[2].share(0, 0, 0, true).unwrap().slots, 20);
    for member in &pool[..2] {
        assert!(member.share(70, 0, 0, true).unwrap().slots <= 53);
    }
    for member in &pool[..3] {
        member.share(50, 0, 0, true);
    }
    assert_eq!(pool[2].share(50, 0, 0, true).unwrap().slots, 44);
}

#[test]
fn no_two_calls_may_get_the_same_slots() {
    let pool = Pool::shared_by(2, CAPACITY);
    let first = pool[0].share(0, 0, 0, true).unwrap().slots;
    pool[0].asks_for(first);
    let second = pool[1].share(0, 0, 0, true).unwrap().slots;
    assert_eq!((first, second), (150, 10));
    pool[0].asks_for(0);
    assert_eq!(pool[1].share(0, 0, 0, true).unwrap().slots, 80);
}

#[test]
fn a_worker_with_fewer_slots_than_shards_serves_one_after_the_other() {
    let capacity = Capacity { slots: 1, bytes: 100 };
    let pool = Pool::shared_by(3, capacity);
    assert_eq!(pool[0].share(0, 0, 0, true).unwrap().slots, 1);
    pool[0].share(1, 0, 10, false);
    assert_eq!(pool[1].share(0, 0, 0, true).unwrap().slots, 0);
    pool[0].holds(0, 0);
    assert_eq!(pool[1].share(0, 0, 0, true).unwrap().slots, 1);
}

/// Whether a member is told that there may be room.
async fn is_told(member: &Member) -> bool {
    tokio::time::timeout(Duration::ZERO, member.freed()).await.is_ok()
}

#[tokio::test]
async fn who_lacked_room_is_told_when_there_may_be_some() {
    let pool = Pool::shared_by(2, CAPACITY);
    pool[0].share(160, 0, 0, true);
    pool[1].share(0, 0, 0, true);
    assert!(!is_told(&pool[1]).await);
    pool[0].holds(159, 0);
    assert!(is_told(&pool[1]).await);
    // Once for each look.
    pool[0].holds(158, 0);
    assert!(!is_told(&pool[1]).await);
    pool[0].share(160, 0, 0, true);
    pool[1].share(0, 0, 0, true);
    pool[0].share(160, 0, 0, false);
    assert!(is_told(&pool[1]).await);
}

#[test]
fn nothing_is_kept_free_for_a_shard_that_is_away() {
    let pool = Pool::shared_by(2, CAPACITY);
    pool[0].share(0, 0, 0, true);
    pool[0].asks_for(70);
    assert_eq!(pool[1].share(0, 0, 0, true).unwrap().slots, 80);
    pool[0].is_away();
    assert_eq!(pool[1].share(0, 0, 0, true).unwrap().slots, 150);
}

#[test]
fn a_shard_that_stands_by_keeps_a_few_slots_if_there_are_many() {
    let kept = |shards, slots| {
        let pool = Pool::shared_by(shards, Capacity { slots, bytes: 1 });
        pool[0].share(0, 0, 0, false).unwrap().kept
    };
    assert_eq!((kept(2, 512), kept(16, 512), kept(16, 256)), (4, 4, 2));
    assert_eq!((kept(16, 128), kept(17, 128)), (1, 0));
}
