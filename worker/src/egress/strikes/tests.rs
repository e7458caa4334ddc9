use std::time::{Duration, Instant};

use domain::id::EndpointId;

use super::{MOST_ENDPOINTS, MOST_STRIKES, SAME_INCIDENT, Strikes};

#[test]
fn strikes_are_counted_for_each_endpoint_and_old_ones_are_of_another_incident() {
    let (start, mut strikes) = (Instant::now(), Strikes::default());
    let (one, other) = (EndpointId::random(), EndpointId::random());
    strikes.remember(one.clone(), start);
    let later = start + SAME_INCIDENT;
    strikes.remember(one.clone(), later);
    strikes.remember(one.clone(), later);
    strikes.remember(other, start);
    let taken = strikes.take(later + Duration::from_secs(2), true);
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (&taken[0].endpoint, taken[0].strikes, taken[0].ago),
        (&one, 2, Duration::from_secs(2))
    );
    assert_eq!(strikes.take(later, true), vec![]);
}

#[test]
fn no_more_are_remembered_than_there_is_room_for() {
    let (now, mut strikes) = (Instant::now(), Strikes::default());
    let endpoint = EndpointId::random();
    for _ in 0..=MOST_STRIKES {
        strikes.remember(endpoint.clone(), now);
    }
    for _ in 0..=MOST_ENDPOINTS {
        strikes.remember(EndpointId::random(), now);
    }
    let taken = strikes.take(now, true);
    assert_eq!(taken.len(), MOST_ENDPOINTS);
    let most = taken.iter().map(|struck| struck.strikes as usize).max();
    assert_eq!(most, Some(MOST_STRIKES));
}
