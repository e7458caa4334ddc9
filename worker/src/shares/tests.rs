use domain::id::AccountId;

use super::*;

type Asker = Option<AccountId>;

fn account(number: usize) -> Asker {
    Some(format!("org:org_{number}").parse().unwrap())
}

#[test]
fn whoever_asks_may_hold_as_many_as_are_free_and_a_newcomer_always_finds_one() {
    for (greedy, each) in [(1, 128), (2, 85), (3, 64), (4, 51), (15, 16), (100, 2), (200, 1)] {
        let mut shares = Shares::of(256);
        while let Some(next) = (0..greedy)
            .map(account)
            .filter(|asker| shares.may_take(asker))
            .min_by_key(|asker| shares.held_by(asker))
        {
            shares.take(&next);
        }
        for number in 0..greedy {
            let held = shares.held_by(&account(number));
            assert!(held.abs_diff(each) <= 1, "{greedy} greedy ones: {held}");
        }
        assert!(shares.may_take(&account(greedy)), "{greedy} greedy ones");
        assert!(shares.may_take(&None), "{greedy} greedy ones");
    }
}

#[test]
fn what_is_given_back_is_there_for_others() {
    let mut shares = Shares::of(2);
    let (a, b) = (account(1), account(2));
    shares.take(&a);
    assert_eq!((shares.may_take(&a), shares.may_take(&b)), (false, true));
    shares.take(&b);
    assert_eq!((shares.may_take(&a), shares.may_take(&b)), (false, false));
    shares.give_back(&a);
    assert_eq!((shares.may_take(&a), shares.may_take(&b)), (true, false));
    assert_eq!((shares.held_by(&a), shares.held_by(&b)), (0, 1));
}
