use super::*;

fn account(number: u32) -> AccountId {
    format!("org:org_{number}").parse().unwrap()
}

/// Where an account lies is stored nowhere, unless it was moved: this may never change.
#[test]
fn an_account_stays_where_it_is() {
    let places: Vec<_> = (0..8).map(|number| named_by_id(&account(number), 16)).collect();
    assert_eq!(places, [14, 10, 13, 9, 15, 14, 14, 14]);
    assert_eq!(named_by_id(&"user:user_2abc".parse().unwrap(), 16), 8);
}

#[test]
fn accounts_spread() {
    let mut counts = [0_u32; 16];
    for number in 0..16_000 {
        counts[usize::from(named_by_id(&account(number), 16))] += 1;
    }
    assert!(
        counts.iter().all(|count| (850..1150).contains(count)),
        "{counts:?}"
    );
    assert_eq!(named_by_id(&account(1), 1), 0);
}

#[test]
fn the_directory_comes_before_the_id() {
    let routes = Routes {
        elsewhere: HashMap::from([(account(1), 3)]),
        ..Routes::by(16)
    };
    assert_eq!(routes.place(&account(1)), 3);
    assert_eq!(routes.place(&account(2)), 13);
}

#[test]
fn what_is_older_is_not_learned() {
    let routes = |by, version, place| Routes {
        by,
        version,
        elsewhere: HashMap::from([(account(1), place)]),
    };
    let routing = Routing::new(routes(4, 2, 3));
    let place = || routing.now().place(&account(1));
    routing.learn(routes(4, 1, 0));
    assert_eq!(place(), 3);
    routing.learn(routes(4, 3, 2));
    assert_eq!(place(), 2);
    routing.learn(routes(16, 1, 1));
    assert_eq!(place(), 1, "another number of shards has directories of its own");
    routing.learn(routes(4, 9, 0));
    assert_eq!(place(), 1);
}
