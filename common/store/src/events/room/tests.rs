use super::super::script::EventAnswer::{NeedsRoom, OverBudget};
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

#[test]
fn for_a_second_after_a_call_needed_room_others_seek_it_at_once() {
    let now = Instant::now();
    let shortage = Shortage::default();
    assert!(!shortage.room(now).is_sought());
    shortage.note(now);
    assert!(shortage.room(now + LATELY / 2).is_sought());
    assert!(!shortage.room(now + LATELY).is_sought());
    let mut room = shortage.room(now);
    assert!(room.goes_on(&mut answers(vec![NeedsRoom])) && room.is_sought());
}
