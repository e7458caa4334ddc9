use super::*;

fn text(word: &str) -> Value {
    Value::BulkString(word.as_bytes().to_vec())
}

fn node(host: Value, port: i64) -> Value {
    Value::Array(vec![host, Value::Int(port), text("id"), Value::Array(Vec::new())])
}

fn at(host: &str, port: u16) -> Address {
    (host.to_owned(), port)
}

#[test]
fn what_a_node_says_is_read() {
    let row = |first, last, nodes: Vec<Value>| [vec![Value::Int(first), Value::Int(last)], nodes].concat();
    let slots = vec![
        row(
            0,
            99,
            vec![node(text("one"), 1), node(text("two"), 2), node(text("?"), 3)],
        ),
        row(100, 100, vec![node(Value::Nil, 4), node(text(""), 5)]),
        row(101, 200, vec![node(text("?"), 6), node(text("two"), 2)]),
        row(201, 16383, Vec::new()),
    ];
    let info = "cluster_enabled:1\r\ncluster_state:ok\r\ncluster_current_epoch:12\r\ncluster_my_epoch:1\r\n";
    let view = View::read(slots.clone(), info, "asked").unwrap();
    assert_eq!((view.is_ok, view.epoch), (true, 12));
    let first = Place {
        primary: at("one", 1),
        replicas: vec![at("two", 2)],
    };
    for (slot, place) in [
        (0, Some(first.clone())),
        (99, Some(first.clone())),
        (
            100,
            Some(Place {
                primary: at("asked", 4),
                replicas: vec![at("asked", 5)],
            }),
        ),
        (101, None),
        (16383, None),
    ] {
        assert_eq!(view.place_of(slot), place, "{slot}");
    }
    assert_eq!(view.place_at(&at("one", 1)), first);
    assert!(view.place_at(&at("two", 2)).replicas.is_empty());
    assert_eq!(view.nodes().count(), 4);
    let failed = View::read(slots.clone(), "cluster_state:fail\r\n", "asked").unwrap();
    assert!(!failed.is_ok && failed.epoch == 0);
    // Its access list hides how it is.
    assert!(View::read(slots, "", "asked").unwrap().is_ok);
    assert!(View::read(vec![vec![text("x"), text("y")]], "", "asked").is_err());
}
