use super::*;

/// Three primaries and a replica, as the first one has it: slot 300 is half-way from the first to the second.
const SEEN: &str = "\
aaa 10.0.0.1:6379@16379,one.example myself,master - 0 0 1 connected 0-99 101-5461 [300->-bbb]
bbb 10.0.0.2:6379@16379 master - 0 1795851679648 4 connected 100 5462-10922
ccc 10.0.0.3:6379@16379,,shard-id=x master,fail - 0 1795851679648 3 disconnected 10923-16383
ddd :6380@16380 slave aaa 0 1795851679648 1 connected

";

fn layout() -> Layout {
    Layout::read(SEEN, "10.0.0.4", false)
}

#[test]
fn nodes_are_found_by_address_name_and_id() {
    for (name, id) in [
        ("10.0.0.1:6379", "aaa"),
        ("one.example:6379", "aaa"),
        ("bbb", "bbb"),
    ] {
        assert_eq!(layout().primary(name).unwrap().id, id, "{name}");
    }
    for (name, reason) in [
        ("10.0.0.4:6380", "is a replica"),
        ("10.0.0.3:6379", "is away"),
        ("10.0.0.1:6380", "is no node of the cluster"),
        ("", "is no node of the cluster"),
    ] {
        let refused = layout().primary(name).unwrap_err().to_string();
        let sentence = format!("{name} {reason}: it must be one of 10.0.0.1:6379, 10.0.0.2:6379");
        assert_eq!(refused, sentence);
    }
    let by_name = Layout::read(SEEN, "10.0.0.4", true);
    assert_eq!(by_name.primary("aaa").unwrap().to_string(), "one.example:6379");
}

#[test]
fn the_owner_of_a_slot_is_alive_and_the_latest() {
    let mut layout = layout();
    for (slot, id) in [(0, "aaa"), (100, "bbb"), (5461, "aaa"), (10922, "bbb")] {
        assert_eq!(layout.owner(slot).unwrap().id, id, "{slot}");
    }
    assert!(layout.owner(16_383).is_err());
    // The second one has got it, and the first one doesn't know yet.
    layout.note(Layout::read(
        "bbb 10.0.0.2:6379@16379 myself,master - 0 0 5 connected 300 100",
        "x",
        false,
    ));
    assert_eq!(layout.owner(300).unwrap().id, "bbb");
}

#[test]
fn a_slot_is_half_way_if_any_node_says_so() {
    let mut layout = layout();
    let other = layout.primary("bbb").unwrap().clone();
    assert!(layout.is_open(300) && !layout.is_open(301));
    assert_eq!(layout.goes_elsewhere(300, &other), None);
    let first = layout.primary("aaa").unwrap().clone();
    assert_eq!(layout.goes_elsewhere(300, &first).unwrap(), "10.0.0.2:6379");
    layout.note(Layout::read(
        "bbb 10.0.0.2:6379@16379 myself,master - 0 0 4 connected 100 [301-<-aaa]",
        "x",
        false,
    ));
    assert!(layout.is_open(301));
    assert_eq!(layout.goes_elsewhere(301, &other), None);
    assert_eq!(layout.goes_elsewhere(301, &first).unwrap(), "10.0.0.2:6379");
    assert_eq!(layout.epoch(), 4);
}
