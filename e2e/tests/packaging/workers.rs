//! Who runs and what each holds, and draining a worker: with `webhooksctl`, real workers and a server with the access list.

use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

/// Two workers, and a receiver at `/hook` that answers once its gate is open.
struct Scene {
    system: System,
    receiver: Receiver,
    endpoint: String,
}

impl Scene {
    async fn start() -> Self {
        let server = RedisServer::start_guarded();
        let (system, receiver, endpoint) = System::builder()
            .on_guarded(server)
            .env("DELIVERY_TIMEOUT", "1m")
            .workers(2)
            .start_with_hook()
            .await;
        receiver.always("/hook", Answer::status(200).held());
        receiver.close_gate();
        Self {
            system,
            receiver,
            endpoint: endpoint.id,
        }
    }

    /// What a command prints, and whether it succeeded.
    fn run(&self, user: &str, arguments: &[&str]) -> (bool, String) {
        let url = ("REDIS_URL".to_owned(), self.system.redis.url_as(user));
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &[url]));
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    fn ask(&self, user: &str, arguments: &[&str]) -> String {
        let (is_well, said) = self.run(user, arguments);
        assert!(is_well, "{arguments:?}: {said}");
        said
    }

    /// As the operator sees them.
    fn workers(&self) -> Vec<Value> {
        let seen: Value = serde_json::from_str(&self.ask("operator", &["workers", "--json"])).unwrap();
        seen["workers"].as_array().unwrap().clone()
    }

    async fn until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        eventually(LONG, what, async || {
            let workers = self.workers();
            check(holds(&workers), format!("{workers:?}"))?;
            Ok(workers)
        })
        .await
    }

    async fn push(&self, times: usize) {
        for _ in 0..times {
            let backend = self.system.backend();
            backend
                .push(self.system.account(), "session.created", json!({}))
                .await;
        }
    }

    /// What its `/readyz` says.
    async fn readiness(worker: &Process) -> (u16, String) {
        let url = format!("http://{}/readyz", worker.variable("WORKER_LISTEN").unwrap());
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn in_flight(worker: &Value) -> u64 {
    worker["inFlight"].as_u64().unwrap()
}

fn named<'a>(workers: &'a [Value], name: &str) -> &'a Value {
    let mut found = workers.iter().filter(|worker| worker["name"] == name);
    found.next().unwrap_or_else(|| panic!("no {name}: {workers:?}"))
}

/// The name of a process among the workers.
fn name_of(workers: &[Value], process: &Process) -> String {
    let part = format!("-{}-", process.id());
    let mut names = workers.iter().map(|worker| worker["name"].as_str().unwrap());
    names.find(|name| name.contains(&part)).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_tells_who_runs_and_what_each_holds() {
    let mut scene = Scene::start().await;
    let workers = scene
        .until("both to be known", |workers| workers.len() == 2)
        .await;
    for worker in &workers {
        assert_eq!(
            [&worker["state"], &worker["version"]],
            ["serving", env!("CARGO_PKG_VERSION")]
        );
        assert_eq!((&worker["slots"], in_flight(worker)), (&json!(512), 0));
        assert!(worker["drainSince"].is_null(), "{worker}");
    }
    scene.push(1).await;
    let holds_one = |workers: &[Value]| workers.iter().map(in_flight).sum::<u64>() == 1;
    let workers = scene.until("one to hold it", holds_one).await;
    let holder = workers.iter().find(|worker| in_flight(worker) == 1).unwrap();
    let holds = &holder["holds"];
    assert_eq!(
        holds["accounts"],
        json!([{"id": scene.system.account(), "inFlight": 1}])
    );
    assert_eq!(holds["endpoints"], json!([{"id": scene.endpoint, "inFlight": 1}]));
    assert_eq!(holds["deliveries"][0]["endpoint"], scene.endpoint);
    let (name, delivery) = (
        holder["name"].as_str().unwrap(),
        holds["deliveries"][0]["id"].as_str().unwrap(),
    );
    let table = scene.ask("operator", &["workers"]);
    assert!(
        table.contains(&format!("1 of {}", scene.system.account())),
        "{table}"
    );
    let alone = scene.ask("operator", &["workers", name]);
    assert!(alone.contains(delivery) && alone.lines().count() == 5, "{alone}");
    let (is_well, said) = scene.run("operator", &["workers", "nobody"]);
    assert!(!is_well && said.contains("there is no worker nobody"), "{said}");

    // Who ends takes itself away, once it holds nothing.
    let idle = workers.iter().position(|worker| in_flight(worker) == 0).unwrap();
    let idle = workers[idle]["name"].as_str().unwrap();
    let place = scene
        .system
        .workers
        .iter()
        .position(|process| name_of(&workers, process) == idle);
    let mut ends = scene.system.workers.remove(place.unwrap());
    assert!(tokio::task::block_in_place(|| ends.terminate()).success());
    assert_eq!(scene.workers().len(), 1);

    // Who dies is forgotten when its time is over, as it is now; what it held is told until the lease has expired.
    scene.system.workers[0].kill9();
    assert_eq!(in_flight(&scene.workers()[0]), 1);
    let over = format!("PEXPIRE wh:{{0}}:workers:{name} 1");
    scene.system.redis.raw(&over).unwrap();
    scene
        .until("the other one to be forgotten", <[Value]>::is_empty)
        .await;
    let table = scene.ask("operator", &["workers"]);
    assert!(table.starts_with("no worker runs\n"), "{table}");
    assert!(table.contains("1 in flight at workers that have died"), "{table}");
    scene.receiver.open_gate();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_worker_finishes_what_it_has_and_takes_nothing_new() {
    let mut scene = Scene::start().await;
    scene
        .until("both to be known", |workers| workers.len() == 2)
        .await;
    scene.push(1).await;
    let holds_one = |workers: &[Value]| workers.iter().map(in_flight).sum::<u64>() == 1;
    let workers = scene.until("one to hold it", holds_one).await;
    let holder = workers.iter().find(|worker| in_flight(worker) == 1).unwrap();
    let drained = holder["name"].as_str().unwrap();
    let other = workers.iter().find(|worker| in_flight(worker) == 0).unwrap();
    let other = other["name"].as_str().unwrap();
    let process = |name: &str| {
        let mut all = scene.system.workers.iter();
        all.find(|process| name_of(&workers, process) == name).unwrap()
    };

    let (is_well, said) = scene.run("operator", &["drain", drained]);
    assert!(!is_well, "the operator only reads: {said}");
    let said = scene.ask("worker", &["drain", drained]);
    assert!(said.contains("1 in flight"), "{said}");
    let is = |name: &str, state: &str| {
        let (name, state) = (name.to_owned(), state.to_owned());
        move |workers: &[Value]| named(workers, &name)["state"] == state.as_str()
    };
    let seen = scene.until("it to hear of that", is(drained, "draining")).await;
    assert_eq!(named(&seen, other)["state"], "serving");
    assert!(named(&seen, drained)["drainSince"].is_string());
    let (status, page) = Scene::readiness(process(drained)).await;
    assert!(
        status == 503 && page.contains("takes nothing new"),
        "{status}: {page}"
    );
    assert_eq!(Scene::readiness(process(other)).await.0, 200);

    // The other one gets all.
    scene.push(8).await;
    let seen = scene
        .until("the other one to hold all", |workers| {
            in_flight(named(workers, other)) == 8
        })
        .await;
    assert_eq!(in_flight(named(&seen, drained)), 1);
    scene.receiver.open_gate();
    scene.receiver.wait_for(9).await;
    let said = scene.ask("worker", &["drain", drained, "--wait"]);
    assert!(said.contains("holds nothing any more"), "{said}");

    // With both drained nobody takes anything; as soon as one goes on, it does.
    scene.ask("worker", &["drain", other, "--wait"]);
    scene.push(1).await;
    let status = || -> Value { serde_json::from_str(&scene.ask("operator", &["status", "--json"])).unwrap() };
    assert_eq!([&status()["waiting"], &status()["inFlight"]], [1, 0]);
    let said = scene.ask("worker", &["drain", drained, "--undo"]);
    assert!(said.contains("takes deliveries again"), "{said}");
    scene.receiver.wait_for(10).await;
    scene.until("it to tell so", is(drained, "serving")).await;
    assert_eq!(Scene::readiness(process(drained)).await.0, 200);

    // A drained worker isn't kept from ending.
    scene.system.stop();
}

/// A worker serves all shards under one name, and what is wanted of it is told to all.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_several_shards_is_one_worker() {
    let mut system = System::builder().env("SHARDS", "4").start().await;
    let url = system.redis.url();
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--redis-url", &url]].concat();
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", &arguments, &[]));
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    };
    let until = async |what: &str, state: &str| {
        eventually(LONG, what, async || {
            let seen: Value = serde_json::from_str(&run(&["workers", "--json"])).unwrap();
            let workers = seen["workers"].as_array().unwrap();
            let is_so = workers.len() == 1 && workers[0]["shards"] == 4 && workers[0]["state"] == state;
            check(is_so, seen.to_string())?;
            Ok(workers[0].clone())
        })
        .await
    };
    let worker = until("the worker to be known in all", "serving").await;
    let name = worker["name"].as_str().unwrap();
    assert_eq!(worker["slots"], 512, "they are shared");
    // Its machine and process are enough, since there is no other.
    let beginning = name.rsplit_once('-').unwrap().0;
    run(&["drain", beginning]);
    let drained = until("all shards to hear of it", "draining").await;
    assert!(drained["drainSince"].is_string(), "{drained}");
    let mut connection = e2e::state::connect(&system.redis);
    for shard in 0..4 {
        let mut read = redis::cmd("HGET");
        let key = format!("wh:{{{shard}}}:workers:{name}");
        let drain: i64 = read.arg(key).arg("drain").query(&mut connection).unwrap();
        assert!(drain > 0, "shard {shard}: {drain}");
    }
    run(&["drain", name, "--undo"]);
    until("all shards to let go", "serving").await;
    system.stop();
}
