//! Both signatures, verified by the documentation's own code and by the Standard Webhooks libraries.
//!
//! Proves (guarantees): Signatures

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use e2e::receiver::{Answer, Received};
use e2e::system::System;
use serde_json::{Map, Value, json};

/// A name, and whether it accepts a request with this secret.
pub(super) type Verifier = (&'static str, fn(&str, &Map<String, Value>, &str) -> bool);

pub(super) const VERIFIERS: [Verifier; 4] = [
    ("the documentation's example", |secret, headers, body| {
        script("node", &["verify.js", "documentation", secret], headers, body)
    }),
    ("Standard Webhooks for JavaScript", |secret, headers, body| {
        script("node", &["verify.js", "library", secret], headers, body)
    }),
    ("Standard Webhooks for Python", |secret, headers, body| {
        script("python3", &["verify.py", secret], headers, body)
    }),
    ("Standard Webhooks for Rust", |secret, headers, body| {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.as_str().unwrap().parse().unwrap()))
            .collect();
        let library = standardwebhooks::Webhook::new(secret).unwrap();
        library.verify(body.as_bytes(), &headers).is_ok()
    }),
];

/// Gives a request to a script of `e2e/verify`; whether it ended with 0. Anything but 0 and 1 fails the test.
fn script(program: &str, arguments: &[&str], headers: &Map<String, Value>, body: &str) -> bool {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for tool in ["node", "python"] {
        let path: PathBuf = workspace.join(".tools").join(tool);
        assert!(
            path.exists(),
            "{} is missing: run ./scripts/test once",
            path.display()
        );
    }
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(workspace.join("e2e/verify"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let request = json!({"headers": headers, "body": body}).to_string();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    match output.status.code() {
        Some(0) => true,
        // What a script says before it ends with 1 is an accident, not a verdict.
        Some(1) if output.stderr.is_empty() => false,
        _ => panic!(
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// The headers with lower-case names, as frameworks give them.
pub(super) fn headers(request: &Received) -> Map<String, Value> {
    let headers = request.headers.iter();
    headers
        .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
        .collect()
}

/// The code that we recommend to customers accepts what we send, on the first attempt and on a repeated one, and refuses it
/// when a byte was changed or when the secret is another endpoint's.
#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_and_the_libraries_verify_what_we_send() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    receiver.then("/hook", [Answer::status(500)]);
    let customer = system.customer();
    let other = customer
        .create_endpoint(&receiver.url("/other"), &["ticket.updated"])
        .await;
    let data = json!({"name": "Jøran “J” Dahl", "text": "line\nbreak \\ \u{1f980}", "amount": 1.10});
    system
        .backend()
        .push(system.account(), "lead.captured", data)
        .await;
    let received: Vec<Arc<Received>> = receiver.wait_for(2).await;
    for request in &received {
        let (headers, body) = (headers(request), std::str::from_utf8(&request.body).unwrap());
        let tampered = body.replace("Dahl", "Dahm");
        assert_ne!(body, tampered);
        for (name, accepts) in VERIFIERS {
            assert!(
                accepts(&endpoint.secret, &headers, body),
                "{name} refuses {headers:?} {body}"
            );
            assert!(
                !accepts(&endpoint.secret, &headers, &tampered),
                "{name} accepts a changed body"
            );
            assert!(
                !accepts(&other.secret, &headers, body),
                "{name} accepts another secret"
            );
        }
    }
    system.finish().await;
}
