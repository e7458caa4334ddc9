use super::*;

const SETTING: Setting = Setting {
    brief: true,
    peer: false,
    only: None,
};

fn measured(value: f64) -> Measured {
    let mut measured = Measured::default();
    measured.set("things/s", value);
    measured
}

#[test]
fn numbers_are_short_and_readable() {
    for (value, text) in [
        (0.0, "0"),
        (0.1234, "0.123"),
        (1.239, "1.24"),
        (12.39, "12.4"),
        (123.9, "124"),
        (1234.0, "1,234"),
        (1_234_567.0, "1,234,567"),
        (-123_456.0, "-123,456"),
    ] {
        assert_eq!(number(value), text);
    }
}

#[test]
fn a_table_has_medians_ranges_and_ratios() {
    let mut report = Report::of(Scenario::Ingest, SETTING);
    for value in [100.0, 300.0, 200.0] {
        report.add("webhooks", measured(value));
        report.add("bare", measured(2.0 * value));
    }
    let table = report.table();
    let lines: Vec<_> = table.lines().collect();
    assert!(
        lines[0].starts_with("### ingest: 400 events of 600 bytes"),
        "{table}"
    );
    assert_eq!(
        lines[2],
        "| median of 3 (range) |      webhooks |          bare | webhooks ÷ bare |"
    );
    assert_eq!(
        lines[4],
        "| things/s            | 200 (100–300) | 400 (200–600) |            0.50 |"
    );
    assert!(report.wrong().is_empty());
}

#[test]
fn what_is_wrong_names_its_scenario_and_variant() {
    let mut report = Report::of(Scenario::Ingest, SETTING);
    let mut run = measured(1.0);
    run.demand(true, "nothing");
    run.demand(false, "3 are missing");
    report.add("bare", run);
    assert_eq!(report.wrong(), ["ingest (bare): 3 are missing"]);
}
