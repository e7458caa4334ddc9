//! What is in the programs' memory stays there, and their secrets needn't stand in their environment.
//!
//! Proves (security): No core dumps

use std::os::unix::process::ExitStatusExt as _;

use e2e::process::Process;
use e2e::system::{SERVICE_KEY, System, secrets_key, service_key_entry};
use e2e::temp_dir::TempDir;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

fn pid_of(process: &Process) -> Pid {
    Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_program_that_crashes_dumps_nothing() {
    let mut system = System::start().await;
    let programs = system.workers.iter_mut().chain([&mut system.api]);
    for program in programs {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max core file size"));
        let limits: Vec<_> = line.unwrap().split_whitespace().collect();
        assert_eq!(limits, ["0", "0", "bytes"]);
        kill_process(pid_of(program), Signal::ABORT).unwrap();
        let ended = program.wait();
        assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false));
    }
}

#[tokio::test]
async fn secrets_can_stand_in_files() {
    let dir = TempDir::new("secrets");
    let file = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("@{}", path.display())
    };
    let other = service_key_entry("whk_other_0123456789abcdef");
    let keys = format!("# the backend\n{}\n\n{other}\n", service_key_entry(SERVICE_KEY));
    let (mut system, receiver, endpoint) = System::builder()
        .env("SECRETS_KEY", file("key", format!("{}\n", secrets_key(7))))
        .api_env("SERVICE_KEYS", file("service-keys", keys))
        .start_with_hook()
        .await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for(1).await;
    // With the same key in the variable itself, it opens.
    system.workers[0].set("SECRETS_KEY", &secrets_key(7));
    system.workers[0].restart();
    system.wait_ready().await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for(2).await;
    assert!(system.customer().endpoint(&endpoint.id).await["active"] == true);
    system.stop();

    let missing = Process::run(
        "webhooks-worker",
        &[],
        &[
            ("SECRETS_KEY".to_owned(), "@/no/such/file".to_owned()),
            ("LOG_FORMAT".to_owned(), "text".to_owned()),
        ],
    );
    assert_eq!(missing.status.code(), Some(2));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(
        said.starts_with("SECRETS_KEY: the file `/no/such/file` can't be read"),
        "{said}"
    );
    let wrong = file("wrong", "hunter2".to_owned());
    let wrong = Process::run("webhooks-worker", &[], &[("SECRETS_KEY".to_owned(), wrong)]);
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        said.contains("must be the base64 of 32 bytes") && !said.contains("hunter2"),
        "{said}"
    );
}
