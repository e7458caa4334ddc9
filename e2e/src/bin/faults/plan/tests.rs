use super::*;

#[test]
fn a_seed_names_its_faults() {
    let first: Vec<_> = Plan::new(7).take(50).collect();
    assert_eq!(first, Plan::new(7).take(50).collect::<Vec<_>>());
    assert_ne!(first, Plan::new(8).take(50).collect::<Vec<_>>());
}

#[test]
fn nothing_is_touched_twice_in_one_round() {
    for round in Plan::new(1).take(500) {
        let targets: HashSet<_> = round.faults.iter().map(|fault| fault.target()).collect();
        assert_eq!(targets.len(), round.faults.len());
    }
}
