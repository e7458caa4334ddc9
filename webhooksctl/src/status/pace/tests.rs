use super::*;

#[test]
fn what_adds_up_is_told_with_its_numbers() {
    let balance = Balance {
        made: 10,
        delivered: 6,
        exhausted: 2,
        canceled: 1,
        unfinished: 1,
        ..Balance::default()
    };
    let sum = "(10 made = 6 delivered + 2 given up + 1 discarded + 1 unfinished)";
    assert_eq!(added_up(&balance), format!("nothing {sum}"));
    assert_eq!(
        added_up(&Balance::default()),
        "nothing (0 made = 0 delivered + 0 given up + 0 discarded + 0 unfinished)"
    );
    let busy = Balance {
        unfinished: 3,
        moved: 2,
        ..balance
    };
    assert!(added_up(&busy).starts_with("nothing (") && added_up(&busy).contains("give or take 2"));
}

#[test]
fn what_does_not_is_told_loudly() {
    let lost = Balance {
        made: 3,
        delivered: 1,
        ..Balance::default()
    };
    assert!(added_up(&lost).starts_with("2 deliveries MISSING: run"));
    let unreadable = Balance { corrupt: 2, ..lost };
    assert!(added_up(&unreadable).contains("2 entries that could not be read"));
    let twice = Balance {
        unfinished: 7,
        ..Balance::default()
    };
    assert!(added_up(&twice).starts_with("7 deliveries TOO MANY"));
}
