use super::*;

/// Six minutes after the tenth hour has begun.
fn now() -> Timestamp {
    Timestamp::from_millis((10 * 3600 + 360) * 1000).unwrap()
}

fn outlook(noted: &[(u64, u64)], used: u64, limit: Option<u64>) -> Outlook {
    Outlook::of(&noted.iter().copied().collect(), now(), used, limit)
}

#[test]
fn what_is_left_lasts_as_long_as_it_took_to_grow_by_as_much() {
    let over = Duration::from_secs(5 * 3600 + 360);
    let lasts = |left: Duration| Outlook::Lasts { left, over };
    assert_eq!(outlook(&[(4, 100), (8, 190)], 200, Some(300)), lasts(over));
    assert_eq!(outlook(&[(4, 100)], 200, Some(1200)), lasts(10 * over));
    assert_eq!(outlook(&[(4, 100)], 200, Some(200)), lasts(Duration::ZERO));
}

#[test]
fn what_cannot_be_said_is_not_said() {
    for noted in [&[][..], &[(9, 1)], &[(10, 1)], &[(11, 1)]] {
        assert_eq!(outlook(noted, 200, Some(300)), Outlook::Unknown, "{noted:?}");
    }
    assert_eq!(outlook(&[(4, 100)], 200, None), Outlook::Unlimited);
    assert_eq!(outlook(&[(4, 200)], 200, Some(300)), Outlook::Steady);
    assert_eq!(outlook(&[(4, 201)], 200, Some(300)), Outlook::Steady);
}

/// Of several servers, the one counts that is full first.
#[test]
fn the_least_is_the_one_that_matters() {
    let (left, over) = (Duration::from_secs(9), Duration::from_secs(1));
    let lasts = Outlook::Lasts { left, over };
    let all = [Outlook::Unlimited, Outlook::Steady, lasts, Outlook::Unknown];
    assert_eq!(all.into_iter().min(), Some(lasts));
}
