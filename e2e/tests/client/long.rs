//! A client in Rust: it takes a minute to compile, once for each change of the document.

use std::path::Path;
use std::process::Command;

use e2e::workspace::root;

use crate::story;
use crate::workshop::output_of;

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_endpoint_runs_through_the_client_of_progenitor() {
    let package = root().join("e2e/client/progenitor");
    let target = root().join(".tools/progenitor-target");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--quiet", "--locked", "--offline", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", &target);
    output_of(&mut build);
    story::runs(move |variables| run(&target.join("debug/generated-client"), variables)).await;
}

fn run(program: &Path, variables: &story::Variables) -> String {
    let variables = variables.iter().map(|(name, value)| (name, value));
    output_of(Command::new(program).envs(variables))
}
