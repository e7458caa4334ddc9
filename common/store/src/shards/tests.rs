use super::*;

fn account(number: u32) -> AccountId {
    format!("org:org_{number}").parse().unwrap()
}

/// Where an account lies is stored nowhere else: this may never change.
#[test]
fn an_account_stays_where_it_is() {
    let places: Vec<_> = (0..8).map(|number| place(&account(number), 16)).collect();
    assert_eq!(places, [14, 10, 13, 9, 15, 14, 14, 14]);
    assert_eq!(place(&"user:user_2abc".parse().unwrap(), 16), 8);
}

#[test]
fn accounts_spread() {
    let mut counts = [0_u32; 16];
    for number in 0..16_000 {
        counts[place(&account(number), counts.len())] += 1;
    }
    assert!(
        counts.iter().all(|count| (850..1150).contains(count)),
        "{counts:?}"
    );
    assert_eq!(place(&account(1), 1), 0);
}

#[test]
fn another_number_of_shards_is_refused() {
    let shard = Shard { number: 1, of: 4 };
    assert_eq!(shard.differs(&Some("4".to_owned())), None);
    assert_eq!(shard.differs(&None), None);
    let refused = shard.differs(&Some("16".to_owned())).unwrap();
    assert!(
        refused.starts_with("SHARDS is 4, and the store has 16"),
        "{refused}"
    );
}
