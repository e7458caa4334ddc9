use super::{AccountPosition, Spot, Stage};

#[test]
fn a_place_is_read_as_it_was_written() {
    let endpoint = "ep_7zq3k9m2x4t8w1v5";
    for text in [
        "1-0 logged".to_owned(),
        format!("17-3 logged 16-18446744073709551615 {endpoint}"),
        format!("17-3 logged 16-0 {endpoint} whole"),
        "1-0 waiting".to_owned(),
        format!("1-0 waiting parked {endpoint}"),
        format!("1-0 waiting parked {endpoint} retry dlv_1:2"),
        format!("1-0 waiting parked {endpoint} retry "),
        format!("1-0 unlogged exhausted {endpoint} failed dlv_1"),
    ] {
        let position: AccountPosition = text.parse().unwrap();
        assert_eq!(position.to_string(), text);
    }
    for text in [
        "",
        "1-0",
        "x logged",
        "1-0 logged 1-0",
        "1-0 logged 1-0 ep_7zq3k9m2x4t8w1v5 half",
        "1-0 waiting whole",
        "1-0 elsewhere",
        "1-0 waiting parked",
        "1-0 waiting unheard-of ep_7zq3k9m2x4t8w1v5",
        "1-0 waiting parked ep_7zq3k9m2x4t8w1v5 nowhere 1",
    ] {
        assert!(text.parse::<AccountPosition>().is_err(), "{text}");
    }
}

#[test]
fn the_newest_entry_comes_first_and_of_one_place_the_first_endpoint() {
    let spot = |text: &str| {
        let position: AccountPosition = format!("1-0 logged {text}").parse().unwrap();
        match position.at {
            Stage::Logged(Some(spot)) => spot,
            _ => panic!("{text}"),
        }
    };
    let mut spots: Vec<Spot> = [
        "5-0 ep_1111111111111111",
        "5-1 ep_2222222222222222",
        "5-0 ep_0000000000000000",
    ]
    .map(spot)
    .to_vec();
    spots.sort_by(|one, other| other.cmp(one));
    let order: Vec<_> = spots.iter().map(|spot| spot.endpoint.as_str()).collect();
    assert_eq!(
        order,
        [
            "ep_2222222222222222",
            "ep_0000000000000000",
            "ep_1111111111111111"
        ]
    );
}
