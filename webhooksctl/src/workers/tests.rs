use super::*;

fn seen(names: &[&str]) -> Workers {
    let rows = names
        .iter()
        .map(|name| (name.parse().unwrap(), WorkerRow::default()));
    Workers {
        rows: rows.collect(),
        ..Workers::default()
    }
}

#[test]
fn the_beginning_of_a_name_is_enough_if_it_is_the_only_one() {
    let seen = seen(&["node-1-7-aaaaaa", "node-1-7-aaaaaab", "node-2-7-bbbbbb"]);
    let choose = |wanted: &str| chosen(&seen, wanted).map(|(name, _)| name.to_string());
    assert_eq!(choose("node-2").unwrap(), "node-2-7-bbbbbb");
    assert_eq!(choose("node-1-7-aaaaaa").unwrap(), "node-1-7-aaaaaa");
    for wanted in ["node", "node-1-7-a", "x", ""] {
        assert!(choose(wanted).is_err(), "{wanted:?}");
    }
}

#[test]
fn what_is_shown_is_what_may_be_believed() {
    let row = |state: &str, drain: bool, leases: u64| WorkerRow {
        state: state.to_owned(),
        drain_since: drain.then(Timestamp::default),
        held: Held {
            leases,
            ..Held::default()
        },
        ..WorkerRow::default()
    };
    for (state, drain, leases, shown) in [
        ("serving", false, 3, "serving"),
        ("serving", true, 3, "to be drained"),
        ("draining", true, 3, "draining"),
        ("draining", true, 0, "drained"),
        ("stopping", false, 0, "stopping"),
    ] {
        assert_eq!(doing(&row(state, drain, leases)), shown);
    }
}

#[test]
fn no_worker_is_said_in_words() {
    assert_eq!(table(&seen(&[])), "no worker runs\n");
}
