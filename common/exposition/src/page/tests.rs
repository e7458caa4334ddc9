use super::*;

#[test]
fn series_are_written_as_prometheus_reads_them() {
    let mut page = Page::default();
    page.family("a_total", "What is counted.", Kind::Counter)
        .sample(&[], 3.0)
        .sample(&[("b", "x\"y\\z\n"), ("c", "d")], 0.25);
    page.family("h", "How long.", Kind::Histogram)
        .histogram(&[("s", "t")], [(0.001, 1), (1.0, 4)], 5, 12.5);
    let expected = "\
# HELP a_total What is counted.
# TYPE a_total counter
a_total 3
a_total{b=\"x\\\"y\\\\z\\n\",c=\"d\"} 0.25
# HELP h How long.
# TYPE h histogram
h_bucket{s=\"t\",le=\"0.001\"} 1
h_bucket{s=\"t\",le=\"1\"} 4
h_bucket{s=\"t\",le=\"+Inf\"} 5
h_sum{s=\"t\"} 12.5
h_count{s=\"t\"} 5
";
    assert_eq!(page.into_text(), expected);
}
