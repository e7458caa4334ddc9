//! The proxy before a real Redis.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult};
use tokio::time::Instant;

use super::*;
use crate::redis_server::RedisServer;

struct Fixture {
    redis: RedisServer,
    proxy: FaultProxy,
}

impl Fixture {
    async fn new() -> Self {
        let redis = RedisServer::start();
        let proxy = FaultProxy::start(redis.address()).await;
        Self { redis, proxy }
    }

    async fn connect(&self, patience: Duration) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience));
        redis::Client::open(self.proxy.redis_url())?
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    fn counter(&self) -> String {
        self.redis.raw("GET counter").unwrap()
    }
}

const PATIENT: Duration = Duration::from_secs(20);

async fn increment(connection: &mut MultiplexedConnection) -> RedisResult<i64> {
    redis::cmd("INCR").arg("counter").query_async(connection).await
}

#[tokio::test]
async fn it_forwards_and_counts() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.connect(PATIENT).await.unwrap();
    let large = "x".repeat(1 << 20);
    let _: () = redis::cmd("SET")
        .arg("large")
        .arg(&large)
        .query_async(connection)
        .await
        .unwrap();
    let back: String = redis::cmd("GET")
        .arg("large")
        .query_async(connection)
        .await
        .unwrap();
    assert_eq!(back, large);
    let counters = fixture.proxy.counters();
    assert_eq!((counters.connections, counters.requests), (1, counters.answers));
    assert!(counters.requests >= 2, "{counters:?}");
}

#[tokio::test]
async fn an_executed_request_loses_its_answer() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.connect(PATIENT).await.unwrap();
    fixture.proxy.cut(Cut::answer_of("INCR").nth(2));
    assert_eq!(increment(connection).await.unwrap(), 1);
    assert!(increment(connection).await.unwrap_err().is_io_error());
    assert_eq!(fixture.counter(), "$1\r\n2\r\n");
    assert_eq!(fixture.proxy.counters().answers_cut, 1);
    let again = &mut fixture.connect(PATIENT).await.unwrap();
    assert_eq!(increment(again).await.unwrap(), 3);
}

#[tokio::test]
async fn a_request_that_is_cut_is_not_executed() {
    let fixture = Fixture::new().await;
    fixture.proxy.cut(Cut::request_of("INCR").every(2));
    for round in 1..=3 {
        let connection = &mut fixture.connect(PATIENT).await.unwrap();
        assert_eq!(increment(connection).await.unwrap(), round);
        assert!(increment(connection).await.is_err());
    }
    assert_eq!(fixture.counter(), "$1\r\n3\r\n");
    assert_eq!(fixture.proxy.counters().requests_cut, 3);
    fixture.proxy.cut_no_more();
    let connection = &mut fixture.connect(PATIENT).await.unwrap();
    for round in 4..=6 {
        assert_eq!(increment(connection).await.unwrap(), round);
    }
}

#[tokio::test]
async fn frozen_requests_arrive_late() {
    let fixture = Fixture::new().await;
    let short = Duration::from_millis(100);
    let connection = &mut fixture.connect(short).await.unwrap();
    fixture.proxy.set(Fault::Freeze);
    assert!(increment(connection).await.unwrap_err().is_timeout());
    assert!(fixture.connect(short).await.is_err());
    assert_eq!(fixture.counter(), "$-1\r\n");
    fixture.proxy.set(Fault::None);
    crate::wait::eventually(PATIENT, "the late request", async || {
        crate::wait::check(fixture.counter() == "$1\r\n1\r\n", fixture.counter())
    })
    .await;
}

#[tokio::test]
async fn it_delays_each_way() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.connect(PATIENT).await.unwrap();
    fixture.proxy.set(Fault::Delay(Duration::from_millis(50)));
    let asked = Instant::now();
    let mut other = connection.clone();
    let (one, two) = tokio::join!(increment(connection), increment(&mut other));
    assert_eq!(one.unwrap() + two.unwrap(), 3);
    assert!(asked.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn it_refuses_new_connections_and_cuts_all() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.connect(PATIENT).await.unwrap();
    fixture.proxy.set(Fault::Refuse);
    assert!(fixture.connect(PATIENT).await.is_err());
    assert_eq!(increment(connection).await.unwrap(), 1);
    fixture.proxy.cut_all();
    assert!(increment(connection).await.is_err());
    assert_eq!(fixture.proxy.counters().refused, 1);
}

#[tokio::test]
async fn half_open_connections_stay_silent_and_new_ones_work() {
    let fixture = Fixture::new().await;
    let old = &mut fixture.connect(Duration::from_millis(100)).await.unwrap();
    assert_eq!(increment(old).await.unwrap(), 1);
    fixture.proxy.half_open();
    assert!(increment(old).await.unwrap_err().is_timeout());
    let new = &mut fixture.connect(PATIENT).await.unwrap();
    assert_eq!(increment(new).await.unwrap(), 2);
}
