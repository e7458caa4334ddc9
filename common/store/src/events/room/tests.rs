use super::super::script::EventAnswer::{MadeRoom, NeedsRoom, OverBudget};
use super::*;

fn answers(answers: Vec<EventAnswer>) -> Vec<Legible<EventAnswer>> {
    answers.into_iter().map(|answer| Legible(Some(answer))).collect()
}

#[test]
fn an_event_that_needs_room_is_sent_again_to_a_call_that_makes_room() {
    let mut room = Room::default();
    let mut first = answers(vec![OverBudget, NeedsRoom]);
    assert!(room.goes_on(&mut first) && room.is_sought());
    assert_eq!(first.len(), 1, "the others have their answers");
    let mut second = answers(vec![OverBudget, OverBudget]);
    assert!(!room.goes_on(&mut second));
    assert_eq!(second.len(), 2);
    assert!(room.is_sought());
}

#[test]
fn without_need_nobody_seeks_room() {
    let mut room = Room::default();
    for mut none in [answers(vec![]), answers(vec![OverBudget]), vec![Legible(None)]] {
        let before = none.len();
        assert!(!room.goes_on(&mut none) && !room.is_sought());
        assert_eq!(none.len(), before);
    }
}

#[test]
fn an_event_for_which_no_room_is_found_is_refused_in_the_end_and_the_next_one_has_as_many_steps() {
    let mut room = Room::default();
    for _ in 0..2 {
        let mut with_one_before = answers(vec![OverBudget, NeedsRoom]);
        assert!(room.goes_on(&mut with_one_before));
        for _ in 0..MOST_STEPS {
            assert!(room.goes_on(&mut answers(vec![NeedsRoom])));
        }
        let mut last = answers(vec![NeedsRoom]);
        assert!(!room.goes_on(&mut last));
        assert_eq!(last.len(), 1);
    }
}

fn account(number: usize) -> AccountId {
    format!("org:org_{number}").parse().unwrap()
}

#[test]
fn for_a_second_after_an_event_needed_room_others_of_its_account_seek_it_at_once() {
    let now = Instant::now();
    let (shortage, full, other) = (Shortage::default(), account(1), account(2));
    assert!(!shortage.room([&full].into_iter(), now).is_sought());
    shortage.note(&full, now);
    assert!(!shortage.room([&other].into_iter(), now).is_sought());
    for accounts in [vec![&full], vec![&other, &full]] {
        let room = |at| shortage.room(accounts.iter().copied(), at);
        assert!(room(now + LATELY / 2).is_sought());
        assert!(!room(now + LATELY).is_sought());
        let mut room = room(now);
        assert!(room.goes_on(&mut answers(vec![NeedsRoom])) && room.is_sought());
    }
}

#[test]
fn an_account_is_full_for_as_long_as_its_calls_make_room() {
    let now = Instant::now();
    let (shortage, full, other) = (Shortage::default(), account(1), account(2));
    shortage.note(&full, now);
    let later = now + LATELY / 2;
    shortage.renew([&other, &full].into_iter(), later);
    assert!(shortage.room([&full].into_iter(), now + LATELY).is_sought());
    assert!(!shortage.room([&other].into_iter(), later).is_sought());
    assert!(!shortage.room([&full].into_iter(), later + LATELY).is_sought());
}

#[test]
fn only_so_many_accounts_are_known_to_be_full() {
    let now = Instant::now();
    let (shortage, newcomer) = (Shortage::default(), account(MOST_FULL));
    for number in 0..MOST_FULL {
        shortage.note(&account(number), now);
    }
    shortage.note(&newcomer, now);
    assert!(!shortage.room([&newcomer].into_iter(), now).is_sought());
    let later = now + LATELY;
    shortage.note(&newcomer, later);
    assert!(shortage.room([&newcomer].into_iter(), later).is_sought());
    assert_eq!(shortage.lock().len(), 1, "the others are forgotten");
}

#[test]
fn that_a_call_made_room_is_no_answer_of_an_event() {
    let mut with = answers(vec![OverBudget, NeedsRoom, MadeRoom]);
    assert!(has_made_room(&mut with));
    assert!(!has_made_room(&mut with));
    assert_eq!(with.len(), 2);
}
