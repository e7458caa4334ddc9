use futures_util::FutureExt as _;

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
    places.truncate(MOST - 1);
    gauge(MOST - 1);
    places.push(streams.take(&share(MOST)).unwrap());
    gauge(MOST);
    drop(places);
    gauge(0);
    assert!(
        streams.lock().is_empty(),
        "an account without streams leaves nothing"
    );
}

#[test]
fn accounts_with_many_make_room_for_those_with_fewer() {
    let streams = Arc::new(Streams::new(Metrics::new().unwrap()));
    let place = |number| streams.take(&share(number));
    let mut places: Vec<_> = (0..MOST)
        .map(|number| place(number / MOST_OF_ACCOUNT).unwrap())
        .collect();
    let leaving = |places: &[Place]| -> Vec<usize> {
        let leaves = |place: &Place| place.must_leave().now_or_never().is_some();
        (0..places.len())
            .filter(|number| leaves(&places[*number]))
            .collect()
    };
    for newcomer in 0..5 {
        places.push(place(1000 + newcomer).unwrap());
    }
    let left = leaving(&places);
    let first_of_an_account = |number: &usize| *number < MOST && number.is_multiple_of(MOST_OF_ACCOUNT);
    assert!(
        left.len() == 5 && left.iter().all(first_of_an_account),
        "{left:?}"
    );
    // One that was told to leave has no place any more; nor has it one to give back.
    for number in left.into_iter().rev() {
        places.remove(number);
    }
    assert_eq!(count(&streams.lock()), MOST);
    drop(places);
    assert!(streams.lock().is_empty());

    let _places: Vec<_> = (0..MOST).map(|number| place(number).unwrap()).collect();
    assert_eq!(
        place(MOST).unwrap_err(),
        NoPlace::Process,
        "nobody has more than one"
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
