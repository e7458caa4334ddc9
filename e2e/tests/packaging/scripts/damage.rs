//! An append-only file that Redis can't read: `scripts/run` says what is damaged, and the way out that it prints works.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::redis_server::find_program;
use e2e::temp_dir::TempDir;
use serde_json::json;

use super::{Run, script};

/// The file of `data/redis/appendonlydir` with this end.
fn file(data: &Path, end: &str) -> PathBuf {
    let files = std::fs::read_dir(data.join("redis/appendonlydir")).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    files
        .find(|path| path.to_str().unwrap().ends_with(end))
        .unwrap_or_else(|| panic!("a file *{end}"))
}

/// Writes over an argument's end and the next one's beginning, at the first that comes after `position`.
fn break_after(path: &Path, position: usize) {
    let mut content = std::fs::read(path).unwrap();
    let end = content[position..].windows(3).position(|bytes| bytes == b"\r\n$");
    let end = position + end.expect("an argument after the position");
    content[end..end + 8].copy_from_slice(b"\0damaged");
    std::fs::write(path, content).unwrap();
}

/// `scripts/run` on this data, which ends by itself.
fn run_to_its_end(data: &Path) -> Output {
    Command::new(script("run"))
        .args(["--debug", "--no-build"])
        .env("DATA_DIR", data)
        .env("REDIS_SERVER", find_program())
        .env("REDIS_PORT", free_port().to_string())
        .env("API_LISTEN", format!("127.0.0.1:{}", free_port()))
        .env("API_ADMIN_LISTEN", format!("127.0.0.1:{}", free_port()))
        .env("WORKER_LISTEN", format!("127.0.0.1:{}", free_port()))
        .output()
        .unwrap()
}

fn refused(data: &Path, words: &[&str]) -> String {
    let output = run_to_its_end(data);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    said
}

/// Runs the printed commands in bash, and answers their questions with yes.
fn follow(said: &str, data: &Path) {
    let commands: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert_eq!((commands.len(), commands[2]), (3, "./scripts/run"), "{said}");
    for command in &commands[..2] {
        let mut bash = Command::new("bash")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // `cp` asks nothing, and may have ended.
        drop(bash.stdin.take().unwrap().write_all(b"y\n"));
        let output = bash.wait_with_output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    }
    assert!(data.join("redis.damaged/appendonlydir").is_dir());
}

async fn push(backend: &Caller, account: &str, count: usize) {
    for number in 0..count {
        backend
            .push(account, "lead.captured", json!({"number": number}))
            .await;
    }
}

/// When the file is broken in the middle, `scripts/run` changes nothing, and the commands that it prints bring back what
/// stands before the damage.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_damaged_in_the_middle_is_reported_with_the_way_out() {
    let dir = TempDir::new("damage");
    let mut run = Run::start(&dir, "data").await;
    let data = dir.path().join("data");
    let customer = run.customer();
    let before = customer
        .create_endpoint("http://127.0.0.1:65000/before", &["*"])
        .await;
    let backend = Caller::new(&run.value("API_URL"), Some(&run.value("SERVICE_KEY")));
    let account = run.value("ACCOUNT_ID");
    let damaged = file(&data, ".incr.aof");
    let position = usize::try_from(std::fs::metadata(&damaged).unwrap().len()).unwrap();
    push(&backend, &account, 50).await;
    let after = customer
        .create_endpoint("http://127.0.0.1:65000/after", &["*"])
        .await;
    assert!(run.stop().success(), "{}", run.said());

    break_after(&damaged, position);
    let content = std::fs::read(&damaged).unwrap();
    let said = refused(
        &data,
        &[
            damaged.to_str().unwrap(),
            "is damaged (Bad file format",
            "docs/operations.md",
        ],
    );
    assert!(std::fs::read(&damaged).unwrap() == content, "it was changed");
    follow(&said, &data);

    let mut again = Run::start(&dir, "data").await;
    let kept = again.customer().endpoint(&before.id).await;
    assert_eq!(kept["url"], "http://127.0.0.1:65000/before");
    let lost = again
        .customer()
        .get(&format!("/api/webhooks-config/{}", after.id))
        .await;
    assert_eq!(lost.status, 404, "{}", lost.text);
    assert!(again.stop().success());
}

/// The file that the others build on can't be repaired, and the script prints no command that would pretend to.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_base_file_or_manifest_is_reported_too() {
    let dir = TempDir::new("damage");
    let mut run = Run::start(&dir, "data").await;
    assert!(run.stop().success(), "{}", run.said());
    let data = dir.path().join("data");
    let base = file(&data, ".base.rdb");
    let mut content = std::fs::read(&base).unwrap();
    let middle = content.len() / 2;
    content[middle..middle + 8].fill(0xff);
    std::fs::write(&base, content).unwrap();
    let said = refused(
        &data,
        &[base.to_str().unwrap(), "is damaged or missing", "backup"],
    );
    assert!(!said.contains("--fix"), "{said}");
    let manifest = file(&data, ".manifest");
    std::fs::write(&manifest, "no manifest\n").unwrap();
    let said = refused(
        &data,
        &[manifest.to_str().unwrap(), "is damaged or missing", "backup"],
    );
    assert!(!said.contains("--fix"), "{said}");
}
