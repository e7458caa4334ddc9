//! The alert rules: Prometheus understands them, each fires for what it is for and not before, asks for metrics that there are, and leads
//! to what to do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::temp_dir::TempDir;
use e2e::workspace::{root, tools};
use regex::Regex;

fn rules() -> PathBuf {
    root().join("ops/prometheus")
}

fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    pattern
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Whether promtool agrees, and what it says.
fn promtool(arguments: &[&str], directory: &Path) -> (bool, String) {
    let mut promtool = Command::new(tools("receivers").join("promtool"));
    let output = promtool.args(arguments).current_dir(directory).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn prometheus_understands_them_and_each_fires() {
    for arguments in [
        &["check", "rules", "alerts.yml"][..],
        &["check", "config", "scrape.yml"],
        &["test", "rules", "alerts_test.yml"],
    ] {
        let (agrees, said) = promtool(arguments, &rules());
        assert!(agrees, "{arguments:?}: {said}");
    }
    // Their tests notice a rule that doesn't fire.
    let dir = TempDir::new("alerts");
    let text = read("ops/prometheus/alerts.yml");
    let other = text.replace(
        "webhooks_worker_egress_down == 1",
        "webhooks_worker_egress_down == 2",
    );
    assert_ne!(other, text);
    std::fs::write(dir.path().join("alerts.yml"), other).unwrap();
    std::fs::copy(
        rules().join("alerts_test.yml"),
        dir.path().join("alerts_test.yml"),
    )
    .unwrap();
    let (agrees, said) = promtool(&["test", "rules", "alerts_test.yml"], dir.path());
    assert!(!agrees && said.contains("WebhooksEgressDown"), "{said}");
}

#[test]
fn each_has_a_test_and_a_section_and_asks_for_metrics_that_there_are() {
    let text = read("ops/prometheus/alerts.yml");
    let alerts = found(r"- alert: (\w+)", &text);
    assert!(alerts.len() > 10, "{alerts:?}");
    let tested = found(
        r"(?m)^ +alertname: (\w+)$",
        &read("ops/prometheus/alerts_test.yml"),
    );
    assert_eq!(tested, alerts);
    let explained = found(r"(?m)^### (Webhooks\w+)$", &read("docs/operations.md"));
    assert_eq!(explained, alerts);
    let linked = found(r"runbook: docs/operations\.md#(\w+)", &text);
    assert_eq!(linked, alerts.iter().map(|alert| alert.to_lowercase()).collect());
    let known: BTreeSet<_> = [
        "api/metrics.txt",
        "worker/metrics.txt",
        "common/exposition/metrics.txt",
    ]
    .iter()
    .flat_map(|file| found(r"(?m)^((?:webhooks|process)_\w+)", &read(file)))
    .collect();
    for metric in found(r"\b((?:webhooks|process)_[a-z_]+)", &text) {
        let name = metric.trim_end_matches("_bucket");
        assert!(known.contains(name), "there is no {metric}");
    }
}
