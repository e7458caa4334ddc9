use super::*;

#[test]
fn the_names_are_those_that_dashboards_rely_on() {
    let page = Exposition::new("1.2.3").page(Some(&Queues::default()));
    let mut described: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    described.sort_unstable();
    assert_eq!(described.join("\n"), include_str!("../metrics.txt").trim_end());
    assert!(page.contains(r#"webhooks_build_info{version="1.2.3"} 1"#));
}

#[test]
fn who_does_not_look_at_the_store_tells_nothing_of_it() {
    let page = Exposition::new("1.2.3").page(None);
    assert!(page.contains("process_open_fds ") && !page.contains("webhooks_store_"));
}
