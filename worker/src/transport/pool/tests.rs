use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::transport::stream::Stream;

fn destination() -> Destination {
    Destination::of(&"http://a.example/".parse().unwrap())
}

/// A connection that was just used, and the receiver's end of it.
async fn connection(listener: &TcpListener) -> (Connection, TcpStream) {
    let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (theirs, _) = listener.accept().await.unwrap();
    (Connection::new(Stream::Plain(ours), Arc::from([])), theirs)
}

/// Uses this many connections at once, then keeps all of them. Returns the receiver's ends.
async fn used(pool: &Pool, listener: &TcpListener, count: usize, now: Instant) -> Vec<TcpStream> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (in_use, _) = pool.begin(&destination(), now);
        let (connection, receivers) = connection(listener).await;
        ours.push((in_use, connection));
        theirs.push(receivers);
    }
    for (in_use, connection) in ours {
        in_use.keep(connection, Keeps::Open, now);
    }
    theirs
}

fn kept(pool: &Pool) -> usize {
    pool.places().values().map(|place| lock(place).kept.len()).sum()
}

#[test]
fn a_connection_is_given_up_before_the_receiver_closes_it() {
    let seconds = |seconds| Keeps::For(Duration::from_secs(seconds));
    for (keeps, expected) in [
        (Keeps::No, None),
        (Keeps::Open, Some(4)),
        (seconds(0), None),
        (seconds(1), None),
        (seconds(2), Some(1)),
        (seconds(5), Some(4)),
        (seconds(u64::MAX), Some(4)),
    ] {
        assert_eq!(idle_for(keeps), expected.map(Duration::from_secs), "{keeps:?}");
    }
}

#[tokio::test]
async fn the_last_one_that_was_used_is_used_next_and_nobody_elses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (pool, now) = (Pool::default(), Instant::now());
    let mut theirs = used(&pool, &listener, 2, now).await;
    let (_other, none) = pool.begin(&Destination::of(&"https://a.example/".parse().unwrap()), now);
    assert!(none.is_none());
    let (_in_use, found) = pool.begin(&destination(), now);
    assert!(found.is_some());
    // The receiver closes the other one: it isn't used.
    drop(theirs.remove(0));
    let deadline = Instant::now() + Duration::from_secs(30);
    while kept(&pool) > 0 && Instant::now() < deadline {
        tokio::task::yield_now().await;
        pool.sweep(now);
    }
    let (_in_use, none) = pool.begin(&destination(), now);
    assert!(none.is_none());
}

#[tokio::test]
async fn a_connection_with_something_unasked_for_on_it_is_not_used() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (pool, now) = (Pool::default(), Instant::now());
    let mut theirs = used(&pool, &listener, 1, now).await;
    theirs[0]
        .write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        .await
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while kept(&pool) > 0 && Instant::now() < deadline {
        tokio::task::yield_now().await;
        pool.sweep(now);
    }
    assert_eq!(kept(&pool), 0);
}

#[tokio::test]
async fn those_too_old_and_those_too_many_are_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (pool, start) = (Pool::default(), Instant::now());
    let at = |ms| start + Duration::from_millis(ms);
    let _first = used(&pool, &listener, 8, start).await;
    assert_eq!(kept(&pool), 8);
    pool.sweep(at(1500));
    assert_eq!(kept(&pool), 8, "all were lately in use");
    let (in_use, found) = pool.begin(&destination(), at(1600));
    in_use.keep(found.unwrap(), Keeps::Open, at(1600));
    pool.sweep(at(2700));
    assert_eq!(kept(&pool), 1, "since then there was one at a time");
    pool.sweep(at(5500));
    assert_eq!(kept(&pool), 1);
    pool.sweep(at(5700));
    assert!(pool.places().is_empty(), "four seconds after its last use");
}

#[tokio::test]
async fn one_that_the_receiver_closes_or_that_broke_off_is_not_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (pool, now) = (Pool::default(), Instant::now());
    let (in_use, _) = pool.begin(&destination(), now);
    let (closing, _theirs) = connection(&listener).await;
    in_use.keep(closing, Keeps::No, now);
    let (in_use, _) = pool.begin(&destination(), now);
    drop(in_use);
    assert_eq!(kept(&pool), 0);
    pool.sweep(now);
    assert!(pool.places().is_empty());
}
