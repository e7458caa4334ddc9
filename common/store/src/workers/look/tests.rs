use super::*;

const DELIVERY: &str = "dlv_01m87pv3sex0zbqctzy1rjyspq_cxqxnf2skjk750av";

fn lease(token: &str) -> Option<(String, Lease)> {
    Lease::read(DELIVERY, token)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap()
}

#[test]
fn a_token_tells_who_holds_what() {
    let token = "k7f2q9k7f2q9k7f2:12 1774540800000|hooks.example:443 org:acme|3|7|2|512";
    let (worker, lease) = lease(token).unwrap();
    assert_eq!(worker, "k7f2q9k7f2q9k7f2");
    assert_eq!(lease.delivery.as_str(), DELIVERY);
    assert_eq!(lease.destination, "hooks.example:443");
    assert_eq!((lease.account.as_str(), lease.attempt), ("org:acme", 2));
    assert_eq!(lease.until, Some(at(1_774_540_800_000)));
}

#[test]
fn what_is_no_token_is_left_out() {
    for token in ["", "x", "a:1 2", "a:1 2|host|1|1|1|1", "a:1 2|host org:a|1|1|x|1"] {
        assert_eq!(lease(token), None, "{token:?}");
    }
}

fn row(fields: &[(&str, &str)]) -> Option<(String, WorkerRow)> {
    let fields = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    WorkerRow::read(fields.collect(), at(9))
}

#[test]
fn a_row_that_has_gone_is_no_worker_and_no_wish_is_no_time() {
    assert_eq!(row(&[]), None);
    let (incarnation, found) = row(&[
        ("incarnation", "i"),
        ("drain", "-1"),
        ("slots", "512"),
        ("startedAt", "5"),
    ])
    .unwrap();
    assert_eq!((incarnation.as_str(), found.slots), ("i", 512));
    assert_eq!((found.drain_since, found.started_at), (None, Some(at(5))));
    let (_, found) = row(&[("incarnation", "i"), ("drain", "7")]).unwrap();
    assert_eq!(found.drain_since, Some(at(7)));
}

#[test]
fn what_two_shards_know_is_added_up() {
    let token = |until: u32| format!("i:1 {until}|h:1 org:a|1|1|1|1");
    let one = |seen: i64, state: &str, until: u32| {
        let mut row = WorkerRow {
            seen_at: at(seen),
            state: state.to_owned(),
            shards: 1,
            ..WorkerRow::default()
        };
        row.held.add(lease(&token(until)).unwrap().1, at(50));
        let rows = BTreeMap::from([("w".parse().unwrap(), row)]);
        Workers {
            rows,
            ..Workers::default()
        }
    };
    let mut all = one(10, "serving", 60);
    all.merge(one(20, "draining", 40), 1);
    let row = all.rows.values().next().unwrap();
    assert_eq!((row.shards, row.held.leases, row.held.expired), (2, 2, 1));
    assert_eq!((row.state.as_str(), row.seen_at), ("draining", at(20)));
    assert_eq!(row.held.accounts["org:a"], 2);
    assert_eq!(row.held.some.len(), 1);
    assert_eq!(row.held.some[0].until, Some(at(40)));
}
