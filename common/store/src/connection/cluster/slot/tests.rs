use super::*;

#[test]
fn where_a_slot_has_moved_is_read() {
    let at = |host: &str, port| Some((host.to_owned(), port));
    for (text, expected) in [
        ("10.0.0.1:7000", at("10.0.0.1", 7000)),
        ("one.example:7000", at("one.example", 7000)),
        ("fd00::7:7000", at("fd00::7", 7000)),
        ("[fd00::7]:7000", at("fd00::7", 7000)),
        (":7000", at("asked", 7000)),
        ("?:7000", None),
        ("one:99999", None),
        ("one", None),
    ] {
        assert_eq!(read(text, Some("asked")), expected, "{text}");
    }
    assert_eq!(read(":7000", None), None);
}

fn place(primary: &str, replicas: &[&str]) -> Place {
    let at = |host: &str| (host.to_owned(), 1);
    Place {
        primary: at(primary),
        replicas: replicas.iter().map(|host| at(host)).collect(),
    }
}

#[test]
fn only_a_replica_that_takes_over_is_a_failover() {
    let nodes = Nodes::new(
        vec![("a".to_owned(), 1), ("b".to_owned(), 1)],
        redis::IntoConnectionInfo::into_connection_info("redis://a").unwrap(),
    );
    let slot = Slot::new(Arc::new(nodes), 7);
    for (place, changes, failovers) in [
        (place("a", &["r"]), 0, 0),
        (place("a", &["r"]), 0, 0),
        (place("r", &["a"]), 1, 1),
        (place("b", &["s"]), 2, 1),
        (place("r", &["a"]), 3, 1),
        (place("a", &[]), 4, 2),
    ] {
        assert_eq!(slot.note(&place), changes, "{place}");
        assert_eq!(slot.failovers().count(), failovers, "{place}");
    }
}
