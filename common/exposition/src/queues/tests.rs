use super::*;

fn sight(top: usize) -> Sight {
    let mut overview = Overview {
        quarantined: 2,
        leases: 3,
        sweeping: 4,
        ..Overview::default()
    };
    overview.counters.insert("exhausted".to_owned(), 5);
    for (number, waiting) in [(1, 10), (2, 30), (3, 20)] {
        let id = format!("ep_000000000000000{number}").parse().unwrap();
        let load = store::overview::EndpointLoad {
            state: "active".to_owned(),
            waiting,
            in_flight: number,
            cap: 2,
            ..Default::default()
        };
        overview.endpoints.insert(id, load);
    }
    Sight {
        overview,
        memory: None,
        took: Duration::from_millis(500),
        top,
    }
}

fn told(queues: &Queues) -> String {
    let mut page = Page::default();
    queues.tell(&mut page);
    page.into_text()
}

#[test]
fn what_was_seen_of_each_shard_is_told_until_somebody_else_looks() {
    let queues = Queues::default();
    queues.note(7, Some(sight(2)));
    let text = told(&queues);
    for line in [
        r#"webhooks_store_deliveries{shard="7",state="waiting"} 60"#,
        r#"webhooks_store_deliveries{shard="7",state="quarantined"} 2"#,
        r#"webhooks_store_deliveries{shard="7",state="discarding"} 4"#,
        r#"webhooks_store_deliveries{shard="7",state="releasing"} 0"#,
        r#"webhooks_store_ended_total{shard="7",outcome="exhausted"} 5"#,
        r#"webhooks_store_endpoints{shard="7",state="active"} 3"#,
        r#"webhooks_store_endpoints{shard="7",state="off"} 0"#,
        r#"webhooks_store_endpoints_at_cap{shard="7"} 2"#,
        r#"webhooks_store_look_seconds{shard="7"} 0.5"#,
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let top: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("webhooks_store_endpoint_backlog{"))
        .collect();
    assert_eq!(
        top,
        [
            r#"webhooks_store_endpoint_backlog{shard="7",endpoint="ep_0000000000000002"} 30"#,
            r#"webhooks_store_endpoint_backlog{shard="7",endpoint="ep_0000000000000003"} 20"#,
        ]
    );
    queues.note(7, None);
    assert!(!told(&queues).contains("shard="));
}

#[test]
fn no_endpoint_is_told_one_by_one_unless_somebody_wants_that() {
    let queues = Queues::default();
    queues.note(0, Some(sight(0)));
    assert!(!told(&queues).contains("endpoint="));
}
