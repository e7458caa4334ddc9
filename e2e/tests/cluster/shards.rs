//! Accounts spread over all primaries: a cluster's store has 16 shards unless it is told otherwise.
//!
//! Proves (guarantees): one shard's primary and its replica are away
//! Proves (guarantees): a service key is made or revoked while the API serves
//! Proves (security): Stored service keys

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;

use clap::Parser;
use domain::id::AccountId;
use e2e::client::{Caller, NewEndpoint};
use e2e::cluster::Cluster;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};
use store::keys::Keys;
use store::settings::RedisArgs;
use store::shards::Shards;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    redis: RedisArgs,
}

fn event(organisation: &str) -> Value {
    json!({"accountId": format!("org:{organisation}"), "event": "lead.captured", "chatbotId": "bot_1", "data": {}})
}

/// An organisation for each of the three primaries, by its port.
async fn one_of_each(cluster: &Cluster, shards: &Shards) -> BTreeMap<u16, String> {
    let mut found = BTreeMap::new();
    for number in 0..200 {
        let organisation = format!("org_{number}");
        let account: AccountId = format!("org:{organisation}").parse().unwrap();
        let shard = u16::try_from(shards.number_of(&account)).unwrap();
        let port = cluster.primary_port(Keys::new(shard).slot()).unwrap();
        found.entry(port).or_insert(organisation);
    }
    assert_eq!(found.len(), 3, "all primaries have accounts: {found:?}");
    found
}

/// A system on a cluster of three primaries, and an account on each: the first is where the system's Redis is.
struct Scene {
    system: System,
    cluster: Cluster,
    receiver: Receiver,
    organisations: Vec<String>,
    endpoints: Vec<NewEndpoint>,
}

impl Scene {
    async fn start() -> Self {
        let mut cluster = tokio::task::block_in_place(Cluster::start);
        let url = cluster.url();
        let args = Arguments::parse_from(["test", "--redis-url", &url]).redis;
        let redis = cluster.take_primary(Keys::new(0).slot());
        let system = System::builder().on(redis).env("REDIS_URL", url).start().await;
        let shards = Shards::find(&args).await.unwrap();
        assert_eq!(shards.all().len(), 16);
        let mut found = one_of_each(&cluster, &shards).await;
        let first = found.remove(&system.redis.address().port()).unwrap();
        let organisations: Vec<_> = [first].into_iter().chain(found.into_values()).collect();
        let receiver = Receiver::start().await;
        let mut endpoints = vec![];
        for organisation in &organisations {
            let url = receiver.url(&format!("/{organisation}"));
            let customer = system.customer_of(organisation);
            endpoints.push(customer.create_endpoint(&url, &["*"]).await);
        }
        Self {
            system,
            cluster,
            receiver,
            organisations,
            endpoints,
        }
    }

    /// Waits until each has got so many events.
    async fn each_has(&self, counts: [usize; 3]) {
        for (organisation, count) in self.organisations.iter().zip(counts) {
            let got = self
                .receiver
                .wait_for_at(&format!("/{organisation}"), count)
                .await;
            assert_eq!(got.len(), count, "{organisation}");
        }
    }

    async fn push_all(&self) -> Value {
        let events: Vec<_> = self
            .organisations
            .iter()
            .map(|organisation| event(organisation))
            .collect();
        let answer = self
            .system
            .backend()
            .post("/api/events/batch", &json!({"events": events}))
            .await;
        answer.expect(202).body
    }

    /// Runs the operator's tool.
    fn webhooksctl(&self, arguments: &[&str]) -> Output {
        let url = self.system.api.variable("REDIS_URL").unwrap().to_owned();
        let environment = [("REDIS_URL".to_owned(), url)];
        tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment))
    }

    /// What `/readyz` of both programs says.
    async fn ready(&self) -> [Value; 2] {
        let worker = self.system.workers[0].variable("WORKER_LISTEN").unwrap();
        let bases = [self.system.api_url(), format!("http://{worker}")];
        let mut pages = [Value::Null, Value::Null];
        for (page, base) in pages.iter_mut().zip(bases) {
            *page = Caller::new(&base, None).get("/readyz").await.expect(200).body;
        }
        pages
    }
}

/// While the node of some shards is away with its replica, calls for their accounts get 503, and all others are served; `/readyz` says
/// so. They go on when it comes back.
#[tokio::test(flavor = "multi_thread")]
async fn who_lives_on_other_nodes_is_served() {
    let mut scene = Scene::start().await;
    scene.push_all().await;
    scene.each_has([1, 1, 1]).await;
    for page in scene.ready().await {
        assert_eq!(page["shards"].as_array().unwrap().len(), 16, "{page}");
    }

    let replica = scene.cluster.replica_of(&scene.system.redis).address();
    let is_it = |node: &&mut e2e::redis_server::RedisServer| node.address() == replica;
    scene.cluster.nodes.iter_mut().find(is_it).unwrap().kill9();
    scene.system.redis.kill9();
    eventually(LONG, "both programs to say which shards are away", async || {
        let pages = scene.ready().await;
        let tell = |page: &Value| page["warnings"].to_string().contains("can't do its work");
        check(pages.iter().all(tell), format!("{pages:?}"))
    })
    .await;
    let answer = scene.push_all().await;
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<_> = results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [503, 202, 202], "{answer}");
    assert_eq!(results[0]["error"]["code"], "store_unavailable", "{answer}");
    let metrics = scene.system.api_metrics().await;
    let (mut works, mut lacks) = (0, 0);
    for line in metrics
        .lines()
        .filter(|line| line.starts_with("webhooks_api_shard_ready{"))
    {
        if line.ends_with(" 1") {
            works += 1
        } else {
            lacks += 1
        }
    }
    assert!(works + lacks == 16 && (1..16).contains(&lacks), "{metrics}");
    scene.each_has([1, 2, 2]).await;
    let [away, there] = [0, 1].map(|number| scene.system.customer_of(&scene.organisations[number]));
    let path = |number: usize| format!("/api/webhooks-config/{}", scene.endpoints[number].id);
    let refused = away.get(&path(0)).await;
    assert_eq!((refused.status, refused.code()), (503, "store_unavailable"));
    assert!(refused.headers.get("retry-after").is_some());
    assert_eq!(there.get(&path(1)).await.status, 200);

    let shown = scene.webhooksctl(&["shards"]);
    let lines = String::from_utf8(shown.stdout).unwrap();
    let is_away = |line: &&str| line.contains("Redis is not available");
    let away_lines = lines.lines().filter(is_away).count();
    assert!(
        !shown.status.success() && (1..16).contains(&away_lines),
        "{lines}"
    );
    // The address of its node is that of a primary.
    let served = lines.lines().skip(1).filter(|line| !is_away(line));
    let ports: BTreeSet<_> = served
        .map(|line| line.split_whitespace().nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(ports.len(), 2, "{lines}");
    let status = scene.webhooksctl(&["status", "--json"]);
    assert!(
        status.status.success(),
        "{}",
        String::from_utf8_lossy(&status.stderr)
    );

    // One that starts now finds out how many shards there are, and serves those that it can reach.
    let mut late = scene.system.another_api().await;
    let listen = format!("http://{}", late.variable("API_LISTEN").unwrap());
    eventually(LONG, "the late one to serve what it can reach", async || {
        let answer = there.at(&listen).get(&path(1)).await;
        check(answer.status == 200, answer.text)
    })
    .await;
    assert_eq!(away.at(&listen).get(&path(0)).await.status, 503);

    tokio::task::block_in_place(|| {
        scene.system.redis.restart();
        scene.cluster.killed_come_back();
    });
    eventually(LONG, "the account to be served again", async || {
        let answer = scene
            .system
            .backend()
            .post("/api/events", &event(&scene.organisations[0]))
            .await;
        check(answer.status == 202, answer.text)
    })
    .await;
    scene.each_has([2, 2, 2]).await;
    eventually(LONG, "the late one to serve it too", async || {
        let answer = away.at(&listen).get(&path(0)).await;
        check(answer.status == 200, answer.text)
    })
    .await;
    assert!(late.terminate().success());
    eventually(LONG, "all shards to work", async || {
        let pages = scene.ready().await;
        let tell = |page: &Value| page["warnings"].to_string().contains("can't do its work");
        check(!pages.iter().any(tell), format!("{pages:?}"))
    })
    .await;
    scene.system.stop();
}

/// A service key is known to every shard: it works, and is revoked, while one is away. None is made then.
#[tokio::test(flavor = "multi_thread")]
async fn service_keys_are_every_shards() {
    let mut scene = Scene::start().await;
    let printed = |output: &Output| {
        String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
    };
    let create = |scene: &Scene, id: &str| {
        let made = scene.webhooksctl(&["keys", "create", id]);
        assert!(made.status.success(), "{}", printed(&made));
        String::from_utf8(made.stdout).unwrap().trim_end().to_owned()
    };
    let (key, leaked) = (create(&scene, "backend"), create(&scene, "leaked"));
    let pushed = async |scene: &Scene, key: &str, place: usize| {
        let event = event(&scene.organisations[place]);
        scene.system.caller(key).post("/api/events", &event).await.status
    };
    let comes_to = async |scene: &Scene, key: &str, place: usize, wanted: u16| {
        eventually(LONG, "the key to be taken, or not", async || {
            let status = pushed(scene, key, place).await;
            check(status == wanted, format!("{status}"))
        })
        .await;
    };
    for key in [&key, &leaked] {
        comes_to(&scene, key, 0, 202).await;
    }

    let replica = scene.cluster.replica_of(&scene.system.redis).address();
    let is_it = |node: &&mut e2e::redis_server::RedisServer| node.address() == replica;
    scene.cluster.nodes.iter_mut().find(is_it).unwrap().kill9();
    scene.system.redis.kill9();
    comes_to(&scene, &key, 0, 503).await;
    comes_to(&scene, &key, 1, 202).await;
    let made = scene.webhooksctl(&["keys", "create", "late"]);
    assert!(!made.status.success() && made.stdout.is_empty());
    assert!(
        printed(&made).contains("nothing was changed: a key is made in every shard"),
        "{}",
        printed(&made)
    );
    let revoked = scene.webhooksctl(&["keys", "revoke", "leaked", "--yes"]);
    let said = printed(&revoked);
    assert!(
        !revoked.status.success()
            && said.contains("Run the same command again")
            && said.contains("shard 0: "),
        "{said}"
    );
    comes_to(&scene, &leaked, 1, 401).await;
    // One that starts now reads the shards that are there.
    let mut late = scene.system.another_api().await;
    let listen = format!("http://{}", late.variable("API_LISTEN").unwrap());
    let at_late = async |key: &str| {
        let caller = scene.system.caller(key).at(&listen);
        caller
            .post("/api/events", &event(&scene.organisations[1]))
            .await
            .status
    };
    assert_eq!([at_late(&key).await, at_late(&leaked).await], [202, 401]);
    assert!(late.terminate().success());

    tokio::task::block_in_place(|| {
        scene.system.redis.restart();
        scene.cluster.killed_come_back();
    });
    comes_to(&scene, &key, 0, 202).await;
    assert_eq!(pushed(&scene, &leaked, 0).await, 401);
    let again = scene.webhooksctl(&["keys", "revoke", "leaked", "--yes"]);
    assert!(again.status.success(), "{}", printed(&again));
    let late = create(&scene, "late");
    comes_to(&scene, &late, 0, 202).await;
    let url = scene.system.api.variable("REDIS_URL").unwrap();
    let shards = Shards::find(&Arguments::parse_from(["test", "--redis-url", url]).redis)
        .await
        .unwrap();
    let first = shards.all()[0].service_keys().await.unwrap();
    assert!(first.has("backend") && first.has("late") && !first.has("leaked"));
    for store in shards.all() {
        assert_eq!(store.service_keys().await.unwrap(), first, "{:?}", store.shard());
    }
    scene.system.stop();
}
