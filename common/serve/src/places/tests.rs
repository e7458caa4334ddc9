use super::*;

const LIMITS: Limits = Limits {
    kept: 2,
    per_account: 2,
    ..Limits::usual(6)
};

/// A connection by a word: `b` has a service key, `l` is leaving, a digit waits for its client since so many seconds, `.` for us; `s`
/// will soon have waited for too long.
fn seated(words: &str, now: Instant) -> Vec<Seated> {
    let one = |(number, word): (usize, &str)| Seated {
        number: number as u64,
        is_backend: word.contains('b'),
        is_leaving: word.contains('l'),
        makes_room_from: match word.trim_start_matches('b') {
            "s" => Some(now + LIMITS.grace),
            digits => digits
                .parse()
                .ok()
                .map(|seconds| now - Duration::from_secs(seconds)),
        },
    };
    words.split_whitespace().enumerate().map(one).collect()
}

#[test]
fn a_newcomer_gets_a_place_or_one_that_is_kept_or_waits_and_somebody_leaves() {
    use Admission::{KeptPlace, Place, Wait};
    let now = Instant::now() + Duration::from_secs(100);
    for (words, admits, leave) in [
        ("", Place, &[][..]),
        ("1 2 .", Place, &[]),
        // Four of six places are for everybody: who has waited for its client for longest leaves.
        ("1 3 2 .", Place, &[1]),
        (". . . .", KeptPlace, &[]),
        (". . . . .", KeptPlace, &[]),
        (". . . l", Place, &[]),
        // Those with a service key don't count among the four, and leave for nobody while there is room.
        ("b9 b9 . . .", Place, &[]),
        ("b9 . . . .", KeptPlace, &[]),
        ("b9 1 . . .", Place, &[1]),
        // All are taken: it has to wait, for one at a time.
        (". . . . . .", Wait, &[]),
        (". . . . 1 2", Wait, &[5]),
        ("b9 . . . . 2", Wait, &[5]),
        ("b9 . . . . .", Wait, &[0]),
        ("b9 . . . . s", Wait, &[]),
        ("b9 . . . . l", Wait, &[]),
        ("b9 b8 b7 b9 b9 bs", Wait, &[0]),
        ("l 1 1 1 1 1", Wait, &[]),
    ] {
        let verdict = judge(&seated(words, now), &LIMITS, &Turnover::default(), now);
        assert_eq!((verdict.admits, &*verdict.leave), (admits, leave), "{words}");
    }
}

#[test]
fn nobody_leaves_before_its_time_and_many_at_once_where_there_are_many() {
    let now = Instant::now() + Duration::from_secs(100);
    let mut soon = seated("1 1 1 1 1 1", now);
    for one in &mut soon {
        one.makes_room_from = Some(now + Duration::from_millis(1));
    }
    assert!(judge(&soon, &LIMITS, &Turnover::default(), now).leave.is_empty());
    let many = Limits::usual(64);
    let full = seated(&"1 ".repeat(64), now);
    assert_eq!(judge(&full, &many, &Turnover::default(), now).leave, [0, 1, 2, 3]);
    let leaving = seated(&("l l l ".to_owned() + &"1 ".repeat(61)), now);
    assert_eq!(judge(&leaving, &many, &Turnover::default(), now).leave, [3]);
    let backends = seated(&("b9 b9 1 2 ".to_owned() + &". ".repeat(60)), now);
    assert_eq!(judge(&backends, &many, &Turnover::default(), now).leave, [3, 2]);
}

#[test]
fn an_account_has_as_many_open_requests_as_it_may() {
    let places = Places::new(LIMITS);
    let (one, other) = (Arc::from("org:a"), Arc::from("org:b"));
    assert!(places.open_for(&one) && places.open_for(&one));
    assert!(!places.open_for(&one));
    assert!(places.open_for(&other));
    places.ended_for("org:a");
    assert!(places.open_for(&one) && !places.open_for(&one));
    for account in ["org:a", "org:a", "org:b"] {
        places.ended_for(account);
    }
    assert!(places.lock().open.is_empty(), "nothing is kept of who has left");
}

#[tokio::test]
async fn a_kept_place_becomes_an_ordinary_one_when_one_is_free() {
    let places = Places::new(LIMITS);
    let mut seated = Vec::new();
    for number in 0..5 {
        let place = places.take(|| ()).await;
        place.progress.lock().request_began(false);
        assert_eq!(place.progress.lock().is_on_kept_place, number == 4);
        seated.push(place);
    }
    assert!(!places.is_uncrowded());
    seated.remove(0);
    assert!(places.is_uncrowded());
}

#[tokio::test]
async fn a_crowd_comes_in_one_by_one_where_others_have_to_leave_for_it() {
    const CROWD: u32 = 40;
    let places = Places::new(Limits {
        kept: 8,
        ..Limits::usual(CROWD as usize + 8)
    });
    let idle = |place: Place| {
        let mut progress = place.progress.lock();
        progress.request_began(false);
        progress.request_ended(Instant::now());
        drop(progress);
        place
    };
    let mut seated = Vec::new();
    for _ in 0..CROWD {
        seated.push(idle(places.take(|| ()).await));
    }
    let begun = Instant::now();
    for _ in 0..CROWD {
        seated.push(idle(places.take(|| ()).await));
        seated.retain(|place| !place.progress.lock().is_leaving());
    }
    assert_eq!(seated.len(), CROWD as usize, "one left for each");
    let least = Duration::from_millis(1) * (CROWD - 5);
    assert!(begun.elapsed() >= least, "{:?} for {CROWD}", begun.elapsed());
}

#[tokio::test]
async fn whoever_has_gone_on_since_the_last_look_stays_and_another_leaves() {
    let places = Places::new(LIMITS);
    let mut seated = Vec::new();
    for _ in 0..4 {
        seated.push(places.take(|| ()).await);
    }
    // Three are idle, one is busy; nobody has looked yet.
    let long_ago = Instant::now().checked_sub(Duration::from_secs(9)).unwrap();
    for (number, place) in seated.iter().enumerate() {
        let mut progress = place.progress.lock();
        progress.request_began(false);
        if number < 3 {
            progress.request_ended(long_ago + Duration::from_secs(number as u64));
        }
    }
    seated.push(places.take(|| ()).await);
    let told = |seated: &[Place]| -> Vec<bool> {
        let told = seated.iter().map(|place| place.progress.lock().is_leaving());
        told.collect()
    };
    assert_eq!(told(&seated), [true, false, false, false, false]);
    // The next one to leave gets a request, and the look at it is only a moment old.
    seated[1].progress.lock().request_began(false);
    seated.push(places.take(|| ()).await);
    assert_eq!(told(&seated), [true, false, true, false, false, false]);
    seated.clear();
    let list = places.lock();
    assert!(list.seated.is_empty() && list.seen.as_ref().is_none_or(|seen| seen.seated.is_empty()));
}
