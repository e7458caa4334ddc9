//! What is called for each event and delivery is kept by Redis as functions, and runs as scripts where that can't be.

use std::collections::HashMap;

use e2e::state::Calls;
use redis::Value;

use store::queue::Receipt;

use crate::fixture::{Fixture, Worker, succeeded};

async fn libraries(fixture: &Fixture) -> Vec<String> {
    let listed: Vec<HashMap<String, Value>> = fixture.command(redis::cmd("FUNCTION").arg("LIST")).await;
    let names = listed.into_iter().map(|mut found| found.remove("library_name"));
    let mut names: Vec<String> = names
        .map(|name| redis::from_redis_value(name.unwrap()).unwrap())
        .collect();
    names.sort();
    names
}

fn calls(fixture: &Fixture, command: &str) -> u64 {
    Calls::read(&fixture.redis).of(command)
}

/// An event is accepted, fetched and reported.
async fn deliver(fixture: &Fixture) {
    let mut worker = Worker::new();
    fixture.push().await;
    let leased = fixture.fetch(&mut worker, 10).await;
    assert_eq!(leased.len(), 1);
    let receipt = fixture.report(&mut worker, &leased[0], succeeded()).await;
    assert_eq!(receipt, Receipt::Recorded);
}

fn library(name: &str) -> String {
    format!("#!lua name={name}\nredis.register_function('{name}', function() return 1 end)")
}

#[tokio::test]
async fn each_script_of_the_hot_path_is_loaded_once_as_a_function() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    deliver(&fixture).await;
    let loaded = libraries(&fixture).await;
    let scripts: Vec<_> = loaded
        .iter()
        .map(|name| name.rsplit_once('_').unwrap().0)
        .collect();
    assert_eq!(scripts, ["webhooks_accept", "webhooks_work"]);
    let before = calls(&fixture, "function|load");
    deliver(&fixture).await;
    assert_eq!(calls(&fixture, "function|load"), before);
    assert!(calls(&fixture, "fcall") >= 6);
}

#[tokio::test]
async fn a_server_that_takes_no_functions_from_us_runs_scripts() {
    for right in ["-fcall", "-function|load"] {
        let fixture = Fixture::new().await;
        fixture.endpoint(&["*"]).await;
        let _: String = fixture.command(redis::cmd("FUNCTION").arg("FLUSH")).await;
        let mut set_user = redis::cmd("ACL");
        let _: String = fixture
            .command(set_user.arg("SETUSER").arg("default").arg(right))
            .await;
        let before = calls(&fixture, "evalsha");
        deliver(&fixture).await;
        assert!(calls(&fixture, "evalsha") >= before + 3, "{right}");
        assert_eq!(libraries(&fixture).await, [""; 0], "{right}");
    }
}

#[tokio::test]
async fn of_a_script_only_a_few_libraries_of_other_releases_stay() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let _: String = fixture.command(redis::cmd("FUNCTION").arg("FLUSH")).await;
    let others = [
        "webhooks_work_1",
        "webhooks_work_2",
        "webhooks_work_3",
        "webhooks_worker",
    ];
    let load = async |name: &str| {
        let _: String = fixture
            .command(redis::cmd("FUNCTION").arg("LOAD").arg(library(name)))
            .await;
    };
    for name in others {
        load(name).await;
    }
    deliver(&fixture).await;
    let stand = libraries(&fixture).await;
    assert!(
        others.iter().all(|name| stand.iter().any(|found| found == name)),
        "{stand:?}"
    );

    let ours = stand
        .iter()
        .find(|name| name.len() > 20 && name.contains("_work_"))
        .unwrap();
    let _: String = fixture
        .command(redis::cmd("FUNCTION").arg("DELETE").arg(ours))
        .await;
    load("webhooks_work_4").await;
    deliver(&fixture).await;
    let stand = libraries(&fixture).await;
    let of_work = stand
        .iter()
        .filter(|name| name.contains("_work_"))
        .collect::<Vec<_>>();
    assert_eq!(of_work, [ours]);
    assert!(stand.contains(&"webhooks_worker".to_owned()), "{stand:?}");
}
