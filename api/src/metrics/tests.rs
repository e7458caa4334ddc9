use super::*;

#[test]
fn the_names_are_the_promised_ones() {
    let metrics = Metrics::new().unwrap();
    metrics.request_began();
    metrics.request_ended("/api/events", "POST", "202", Duration::from_millis(1));
    metrics.request_left();
    metrics.event(EventResult::Accepted);
    metrics.deliveries(3);
    metrics.auth_failure("token_expired");
    metrics.shards_ready([true, false]);
    let text = metrics.render();
    let described: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        // What all programs tell has a list of its own.
        .filter(|line| line.starts_with("webhooks_api_"))
        .collect();
    assert_eq!(described.join("\n"), include_str!("../../metrics.txt").trim_end());
    assert!(text.contains("webhooks_api_deliveries_total 3"));
    assert!(text.contains(r#"webhooks_api_shard_ready{shard="1"} 0"#));
    assert!(text.contains(r#"webhooks_api_events_total{result="duplicate"} 0"#));
}
