use super::*;
use crate::access::Kind;

fn share(number: usize) -> Share {
    Share::of(Kind::Session, &format!("org:org_{number}").parse().unwrap())
}

#[test]
fn places_are_bounded_for_an_account_and_in_all_and_come_back() {
    let metrics = Metrics::new().unwrap();
    let gauge = |count: usize| {
        let line = format!("webhooks_api_streams_open {count}\n");
        assert!(metrics.render().contains(&line), "{}", metrics.render());
    };
    let streams = Arc::new(Streams::new(metrics.clone()));
    let mut places: Vec<_> = (0..MOST)
        .map(|number| streams.take(&share(number / MOST_OF_ACCOUNT)).unwrap())
        .collect();
    gauge(MOST);
    assert_eq!(streams.take(&share(0)).unwrap_err(), NoPlace::Account);
    assert_eq!(streams.take(&share(MOST)).unwrap_err(), NoPlace::Process);
    places.truncate(MOST - 1);
    gauge(MOST - 1);
    places.push(streams.take(&share(MOST)).unwrap());
    drop(places);
    gauge(0);
    assert!(
        streams.lock().is_empty(),
        "an account without streams leaves nothing"
    );
}

#[tokio::test]
async fn whoever_waits_for_the_end_sees_it_even_if_it_came_before() {
    let streams = Streams::new(Metrics::new().unwrap());
    let mut waiting = Box::pin(streams.stopped());
    assert!(futures_util::poll!(&mut waiting).is_pending());
    streams.stop();
    waiting.await;
    streams.stopped().await;
}
