//! Plays a case in a browser: a program for Node.js that knows the system by its environment, and asks for what only the test can do.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::clerk::{Claims, now};
use e2e::system::{MANAGE_KEY, SERVICE_KEY, System};
use e2e::temp_dir::TempDir;
use e2e::workspace::{chromium, root, tools};
use serde_json::json;

/// Files of a directory, and those below it.
pub(crate) fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(name)).unwrap();
        } else if name != "node_modules" {
            copy_directory(&entry.path(), &to.join(name));
        }
    }
}

/// Plays `e2e/browser/cases/<case>.mjs` with a system, and stops it.
///
/// Pictures of the pages are kept in `$DASHBOARD_PICTURES`, if that is set: those that a case takes, and of what failed.
pub(crate) async fn plays(case: &str, system: System) {
    let case = case.to_owned();
    let mut system = system;
    // What the case asks for may wait for the system, so it is served beside the runtime's own threads.
    let handle = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        play(&case, &mut system, &handle);
        system.stop();
    })
    .await
    .unwrap();
}

fn play(case: &str, system: &mut System, handle: &tokio::runtime::Handle) {
    let directory = TempDir::new("browser");
    copy_directory(&root().join("e2e/browser"), directory.path());
    symlink(
        tools("browser").join("node_modules"),
        directory.path().join("node_modules"),
    )
    .unwrap();
    let mut command = Command::new("node");
    command
        .arg(format!("cases/{case}.mjs"))
        .current_dir(directory.path())
        .env("API_URL", system.api_url())
        .env("DASHBOARD_TOKEN", token(system, 3600, Some(ORGANISATION)))
        .env("SERVICE_KEY", SERVICE_KEY)
        .env("MANAGE_KEY", MANAGE_KEY)
        .env("ACCOUNT_ID", system.account())
        .env("CHROMIUM", chromium())
        .env("EXAMPLE", root().join("dashboard/example/server.mjs"))
        // Where a product's pages are that may frame the dashboard.
        .env(
            "PORTAL_ORIGINS",
            system.api.variable("PORTAL_ORIGINS").unwrap_or_default(),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if let Some(pictures) = std::env::var_os("DASHBOARD_PICTURES") {
        command.env("ARTIFACTS", pictures);
    }
    let mut child = command.spawn().expect("Node.js");
    let mut answers = child.stdin.take().unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(request) = line.strip_prefix('@') {
            let answer = answer(system, handle, request);
            // A case that has ended wants no answer.
            if writeln!(answers, "{answer}").is_err() {
                break;
            }
        } else {
            println!("{line}");
            said.push_str(&line);
            said.push('\n');
        }
    }
    let status = child.wait().unwrap();
    assert!(
        status.success() && said.ends_with("✓ told to the end\n"),
        "{case} ended with {status}"
    );
}

/// The customer's organisation.
const ORGANISATION: &str = "org_2test";

/// A session token of somebody, in this organisation, that is good for so long (s); one that has ended so long ago if that is negative.
fn token(system: &System, seconds: i64, organisation: Option<&str>) -> String {
    Claims::v2("user_2test", organisation)
        .with("exp", now().saturating_add_signed(seconds))
        .sign(&system.key)
}

fn answer(system: &mut System, handle: &tokio::runtime::Handle, request: &str) -> String {
    let mut words = request.split(' ');
    match (words.next().unwrap(), words.next(), words.next()) {
        ("kill-api", None, None) => {
            system.api.kill9();
            "killed".to_owned()
        }
        ("start-api", None, None) => {
            system.api.restart();
            handle.block_on(system.wait_ready());
            "started".to_owned()
        }
        ("token", Some(seconds), organisation) => token(
            system,
            seconds.parse().unwrap(),
            Some(organisation.unwrap_or(ORGANISATION)).filter(|name| *name != "-"),
        ),
        ("token-of", Some(role), None) => Claims::v2("user_2other", None)
            .with("o", json!({"id": ORGANISATION, "rol": role}))
            .with("exp", now() + 3600)
            .sign(&system.key),
        _ => panic!("a case asked for {request}"),
    }
}
