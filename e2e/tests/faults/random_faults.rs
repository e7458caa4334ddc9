//! `./scripts/faults`, briefly: that what it asserts in the end can be asserted is not seen before.

use std::process::Command;

#[test]
fn a_few_random_faults_leave_nothing_undone() {
    let output = Command::new(env!("CARGO_BIN_EXE_faults"))
        .args(["--seed", "21", "--minutes", "0.15"])
        .output()
        .unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("no more faults"), "{said}");
}
