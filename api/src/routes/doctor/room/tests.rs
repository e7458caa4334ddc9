use futures_util::FutureExt as _;

use super::*;
use crate::access::Kind;

fn share(name: &str) -> Share {
    Share::of(Kind::Session, &format!("org:org_{name}").parse().unwrap())
}

#[test]
fn an_account_has_one_place_until_it_leaves() {
    let room = Room::new();
    let one = room.enter(&share("a")).unwrap();
    assert!(room.enter(&share("a")).is_none());
    assert!(room.enter(&share("b")).is_some());
    drop(one);
    assert!(room.enter(&share("a")).is_some());
}

#[test]
fn accounts_wait_for_their_turns_and_one_that_goes_away_holds_up_nobody() {
    let room = Room::new();
    let place = |name| room.enter(&share(name)).unwrap();
    let first = place("a").turn().now_or_never().unwrap();
    let (mut second, mut third) = (Box::pin(place("b").turn()), Box::pin(place("c").turn()));
    assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
    assert!(room.enter(&share("b")).is_none(), "it waits");
    drop(second);
    assert!(room.enter(&share("b")).is_some(), "it went away");
    drop(first);
    assert!((&mut third).now_or_never().is_some());
}
