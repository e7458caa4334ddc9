//! How the verification code of each language is run.

use std::io::Write;
use std::process::{Command, Stdio};

use e2e::temp_dir::TempDir;
use e2e::workspace::root;

use super::Request;
use super::verify::verify_webhook;

/// A language, and what its code says of requests.
type Language = (&'static str, fn(&[Request]) -> Vec<bool>);

pub(super) const LANGUAGES: [Language; 6] = [
    ("Node", |requests| program("node", &["run.mjs"], requests)),
    ("Python", |requests| program("python3", &["run.py"], requests)),
    ("PHP", |requests| {
        let php = root().join(".tools/receivers/php");
        program(php.to_str().unwrap(), &["run.php"], requests)
    }),
    ("Go", go),
    ("Ruby", |requests| program("ruby", &["-w", "run.rb"], requests)),
    ("Rust", |requests| requests.iter().map(rust).collect()),
];

fn program(name: &str, arguments: &[&str], requests: &[Request]) -> Vec<bool> {
    let mut command = Command::new(name);
    command
        .args(arguments)
        .current_dir(root().join("e2e/verify/snippets"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    verdicts(command, requests)
}

/// Go wants its packages as directories of one module, and somewhere to keep what it has built.
fn go(requests: &[Request]) -> Vec<bool> {
    let module = TempDir::new("snippets-go");
    let at = |name: &str| module.path().join(name);
    std::fs::create_dir(at("webhooks")).unwrap();
    std::fs::write(at("go.mod"), "module snippets\n\ngo 1.19\n").unwrap();
    for (from, to) in [
        ("e2e/verify/snippets/run.go", "run.go"),
        ("dashboard/src/snippets/verify.go", "webhooks/verify.go"),
    ] {
        std::fs::copy(root().join(from), at(to)).unwrap();
    }
    let mut command = Command::new("go");
    command
        .args(["run", "."])
        .current_dir(module.path())
        .env("GOCACHE", root().join(".tools/go-cache"))
        .env("GOPROXY", "off");
    verdicts(command, requests)
}

/// What a program says of requests that it reads as JSON. Whatever else it says fails the test.
fn verdicts(mut command: Command, requests: &[Request]) -> Vec<bool> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}: run ./scripts/test once"));
    let requests = serde_json::to_vec(requests).unwrap();
    // A program that ends before it has read them says why.
    let _written = child.stdin.take().unwrap().write_all(&requests);
    let output = child.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{command:?}: {complaints}"
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{command:?}: {error}: {:?}", output.stdout))
}

fn rust(request: &Request) -> bool {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.as_str().unwrap().parse().unwrap()))
        .collect();
    verify_webhook(request.body.as_bytes(), &headers, &request.secret)
}
