//! Every scenario, briefly: each of its parts works, and nothing is lost. Says nothing about speed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a scenario, and gives back what it reports of each variant's run.
fn run(scenario: &str) -> Vec<(String, Value)> {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["run", scenario, "--brief", "--json"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{scenario} ended with {}:\n{said}",
        output.status
    );
    let reports: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reports[0]["scenario"], scenario);
    let variants = reports[0]["variants"].as_array().unwrap();
    variants
        .iter()
        .map(|variant| {
            let runs = variant["runs"].as_array().unwrap();
            assert_eq!(runs.len(), 1, "{variant}");
            assert_eq!(runs[0]["wrong"], Value::Array(Vec::new()), "{variant}");
            (
                variant["name"].as_str().unwrap().to_owned(),
                runs[0]["values"].clone(),
            )
        })
        .collect()
}

/// A value of a run by its name.
fn value(values: &Value, name: &str) -> f64 {
    let mut values = values.as_array().unwrap().iter();
    let found = values
        .find(|pair| pair[0] == name)
        .unwrap_or_else(|| panic!("there is no {name}"));
    found[1].as_f64().unwrap()
}

macro_rules! scenarios {
    ($($name:ident: $scenario:literal, $proof:literal, $at_least:literal;)+) => {
        $(
            #[test]
            fn $name() {
                for (variant, values) in run($scenario) {
                    let proof = value(&values, $proof);
                    assert!(proof >= f64::from($at_least), "{variant}: {} is {proof}", $proof);
                }
            }
        )+

        #[test]
        fn every_scenario_is_here() {
            let list = Command::new(env!("CARGO_BIN_EXE_bench")).arg("list").output().unwrap();
            let list = String::from_utf8(list.stdout).unwrap();
            let names: Vec<_> = list.lines().map(|line| line.split(' ').next().unwrap()).collect();
            assert_eq!(names, [$($scenario,)+ "calls"]);
        }
    };
}

// Each with a value that shows that something was done, and the least that it can be.
scenarios! {
    ingest: "ingest", "deliveries/s", 1;
    fanout: "fanout", "deliveries/s", 1;
    latency: "latency", "sent to arrived count", 200;
    noisy: "noisy", "healthy: arrived", 1000;
    few_workers: "few-workers", "most at once", 1;
    one_host: "one-host", "healthy: arrived", 50;
    doors: "doors", "sent to arrived count", 200;
    neighbours: "neighbours", "sent to arrived count", 200;
    names: "names", "sent to arrived count", 200;
    backlog: "backlog", "sent to arrived count", 50;
    packing: "packing", "sent to arrived count", 200;
    growth: "growth", "deliveries/s", 1;
    workers: "workers", "deliveries/s", 1;
    observed: "observed", "deliveries/s", 1;
    cluster: "cluster", "deliveries/s", 1;
    idle: "idle", "memory api MiB", 1;
    start_stop: "start-stop", "sent to arrived count", 200;
    memory: "memory", "most in flight", 1;
}

#[test]
fn calls() {
    let document: Value = serde_json::from_str(include_str!("../../openapi/openapi.json")).unwrap();
    let (_, values) = run("calls").remove(0);
    assert!(value(&values, "deliveries stored") >= 90.0);
    let names: Vec<_> = values
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair[0].as_str().unwrap())
        .collect();
    let paths = document["paths"].as_object().unwrap().iter();
    for (_, operations) in paths.filter(|(path, _)| path.starts_with("/api/")) {
        for operation in operations.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            // One that was measured in several ways has a comma after its name.
            let is_measured = names.iter().any(|name| name.split([',', ':']).next() == Some(id));
            assert!(is_measured, "{id} is not among what is measured: {names:?}");
        }
    }
}
