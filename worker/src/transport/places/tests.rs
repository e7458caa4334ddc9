use super::*;

fn account(number: u32) -> AccountId {
    format!("org:org_{number}").parse().unwrap()
}

fn addresses(last: &[u8]) -> Arc<[IpAddr]> {
    last.iter().map(|last| IpAddr::from([192, 0, 2, *last])).collect()
}

#[test]
fn an_account_has_so_many_at_an_address_and_others_have_as_many() {
    let places = Places::new(2);
    let one = addresses(&[1]);
    let first = places.take(&account(1), &one, 443).unwrap();
    let _second = places.take(&account(1), &one, 443).unwrap();
    assert!(places.take(&account(1), &one, 443).is_none());
    let _elsewhere = places.take(&account(1), &addresses(&[2]), 443).unwrap();
    let _other_port = places.take(&account(1), &one, 8443).unwrap();
    let _other_account = places.take(&account(2), &one, 443).unwrap();
    drop(first);
    let _third = places.take(&account(1), &one, 443).unwrap();
    assert!(places.take(&account(1), &one, 443).is_none());
}

#[test]
fn a_host_with_several_addresses_takes_a_place_at_each_or_none() {
    let places = Places::new(1);
    let both = places.take(&account(1), &addresses(&[1, 2]), 80).unwrap();
    assert!(places.take(&account(1), &addresses(&[3, 2]), 80).is_none());
    let third = places.take(&account(1), &addresses(&[3]), 80).unwrap();
    drop((both, third));
    assert!(places.taken().is_empty(), "nothing is left behind");
}
