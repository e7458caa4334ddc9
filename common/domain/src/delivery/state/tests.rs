use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

const ARCHITECTURE: &str = include_str!("../../../../../docs/ARCHITECTURE.md");

/// `FailedForNow` as the diagram writes it: "failed for now".
fn words(transition: Transition) -> String {
    let name = format!("{transition:?}");
    let spaced = name.chars().enumerate().flat_map(|(place, letter)| {
        let space = (place > 0 && letter.is_uppercase()).then_some(' ');
        space.into_iter().chain(letter.to_lowercase())
    });
    spaced.collect()
}

/// The arrows of the diagram under "A delivery's states": from, to, and what moves a delivery along them.
fn diagram() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let diagram = ARCHITECTURE.split("stateDiagram-v2").nth(1).unwrap();
    let lines = diagram.lines().take_while(|line| *line != "```");
    lines.filter(|line| !line.is_empty()).map(|line| {
        let (from, rest) = line.trim().split_once(" --> ").unwrap();
        let (to, label) = rest.split_once(": ").unwrap();
        (from, to, label)
    })
}

#[test]
fn the_diagram_in_the_docs_has_an_arrow_for_each_transition_and_no_other() {
    let mut drawn = Vec::new();
    for (from, to, label) in diagram().filter(|(from, ..)| *from != "[*]") {
        drawn.extend(label.split(", ").map(|word| format!("{from} --> {to}: {word}")));
    }
    let is_drawn: BTreeSet<_> = drawn.iter().cloned().collect();
    assert_eq!(is_drawn.len(), drawn.len(), "an arrow is drawn twice");
    let mut allowed = BTreeSet::new();
    for from in DeliveryState::ALL {
        for transition in Transition::ALL {
            if let Some(to) = from.after(transition) {
                allowed.insert(format!("{from} --> {to}: {}", words(transition)));
            }
        }
    }
    assert_eq!(is_drawn, allowed);
    let starts: Vec<_> = diagram().filter(|(from, ..)| *from == "[*]").collect();
    assert_eq!(starts, [("[*]", "pending", "accepted")]);
}

#[test]
fn every_list_has_everything_once() {
    let names: BTreeSet<_> = DeliveryState::ALL.map(DeliveryState::as_str).into();
    assert_eq!(names.len(), DeliveryState::ALL.len());
    let transitions: BTreeSet<_> = Transition::ALL.map(words).into();
    assert_eq!(transitions.len(), Transition::ALL.len());
    for state in DeliveryState::ALL {
        assert_eq!(DeliveryState::from_name(state.as_str()), Some(state));
    }
    assert_eq!(DeliveryState::from_name("lost"), None);
}

#[test]
fn a_transition_leads_to_one_state_wherever_it_starts() {
    for transition in Transition::ALL {
        let ends: BTreeSet<_> = DeliveryState::ALL
            .iter()
            .filter_map(|state| state.after(transition))
            .map(DeliveryState::as_str)
            .collect();
        assert_eq!(ends.len(), 1, "{transition:?} leads to {ends:?}");
    }
}

#[test]
fn what_the_log_told_last_leaves_only_states_that_it_does_not_tell() {
    use DeliveryState::{Canceled, Exhausted, InFlight, Parked, Pending, Quarantined, Retrying, Succeeded};
    for (logged, expected) in [
        (
            Retrying,
            vec![Pending, InFlight, Retrying, Quarantined, Parked, Canceled],
        ),
        (
            Pending, // as the log says of a held one
            vec![Pending, InFlight, Retrying, Quarantined, Parked, Canceled],
        ),
        (Succeeded, vec![Succeeded]),
        (Exhausted, vec![Exhausted]),
        (Canceled, vec![Canceled]),
    ] {
        let can: Vec<_> = DeliveryState::ALL
            .into_iter()
            .filter(|state| state.can_follow(logged))
            .collect();
        assert_eq!(can, expected, "after {logged}");
    }
}

proptest! {
    #[test]
    fn a_final_state_stays_and_an_attempt_starts_only_when_a_worker_fetches(
        transitions in proptest::collection::vec(0..Transition::ALL.len(), 0..40),
    ) {
        let mut state = DeliveryState::Pending;
        for transition in transitions.into_iter().map(|index| Transition::ALL[index]) {
            let Some(next) = state.after(transition) else { continue };
            prop_assert!(!state.is_final());
            prop_assert_eq!(next == DeliveryState::InFlight, matches!(transition, Transition::Fetched | Transition::Probed));
            prop_assert!(
                next != DeliveryState::InFlight
                    || matches!(state, DeliveryState::Pending | DeliveryState::Quarantined)
                    || state == DeliveryState::Parked && transition == Transition::Probed
            );
            prop_assert!(next != DeliveryState::Succeeded || state == DeliveryState::InFlight);
            state = next;
        }
    }

    #[test]
    fn every_unfinished_state_can_still_finish(start in 0_usize..5) {
        let start = DeliveryState::ALL[start];
        let mut reached = vec![start];
        let mut index = 0;
        while index < reached.len() {
            let from = reached[index];
            for next in Transition::ALL.iter().filter_map(|transition| from.after(*transition)) {
                if !reached.contains(&next) { reached.push(next); }
            }
            index += 1;
        }
        for end in [DeliveryState::Succeeded, DeliveryState::Exhausted, DeliveryState::Canceled] {
            prop_assert!(reached.contains(&end));
        }
    }
}
