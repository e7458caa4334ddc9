//! `scripts/run` while the disk is full.

use std::path::Path;

use e2e::namespaces::{Disk, run_apart};
use e2e::ports::free_port;
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use super::Run;

/// It says why Redis ended, starts it again until there is room, and ends well all the same.
#[test]
fn a_full_disk_is_reported_and_all_goes_on_when_there_is_room() {
    run_apart(
        &["--mount"],
        "scripts::full_disk::a_full_disk_is_reported_and_all_goes_on_when_there_is_room",
        async || {
            let (disk, dir) = (Disk::mount(16), TempDir::new("run"));
            let (data, log) = (Path::new(disk.path()).join("data"), dir.path().join("log"));
            let mut run = Run::start_in(data, log, &free_port().to_string()).await;
            let customer = run.customer();
            let wanted = |number: usize| {
                let url = format!("http://127.0.0.1:65000/{number}");
                json!({"url": url, "events": ["*"]})
            };
            disk.fill();
            let mut made = Vec::new();
            eventually(LONG, "Redis to end", async || {
                let reply = customer.post("/api/webhooks-config", &wanted(made.len())).await;
                if reply.status == 201 {
                    made.push(reply.body["id"].as_str().unwrap().to_owned());
                }
                check(run.said().contains("is full"), run.said())
            })
            .await;
            disk.free();
            eventually(LONG, "an endpoint to be made", async || {
                let reply = customer.post("/api/webhooks-config", &wanted(made.len())).await;
                check(reply.status == 201, reply.text)
            })
            .await;
            for id in made {
                assert_eq!(customer.endpoint(&id).await["active"], true);
            }
            assert!(run.stop().success(), "{}", run.said());
        },
    );
}
