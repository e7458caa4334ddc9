use super::*;

#[test]
fn the_names_are_those_that_dashboards_rely_on() {
    let metrics = Metrics::new().unwrap();
    metrics.store.shards_ready([true]);
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    let mut names: Vec<_> = text
        .lines()
        // What all programs tell has a list of its own.
        .filter(|line| line.starts_with("webhooks_worker_") && !line.contains("_bucket{"))
        .filter_map(|line| line.split(' ').next())
        .collect();
    names.sort_unstable();
    let golden: Vec<_> = include_str!("../../metrics.txt").lines().collect();
    assert_eq!(names, golden, "metrics.txt lists what dashboards rely on");
}
