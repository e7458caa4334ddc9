//! Executes every line of docs/redis-cli.md, as the user `operator`, on a system that has delivered something.

use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::workspace::root;
use redis::Value;
use regex::Regex;
use serde_json::json;

/// The commands of the page, each as its words.
fn commands(text: &str, variables: &[(&str, &str)]) -> Vec<Vec<String>> {
    let blocks = Regex::new(r"(?s)```sh\n(.*?)```").unwrap();
    let lines: Vec<_> = blocks
        .captures_iter(text)
        .flat_map(|block| block.get(1).unwrap().as_str().lines())
        .collect();
    let of_redis = lines.iter().filter_map(|line| line.strip_prefix("redis-cli "));
    let words = of_redis.map(|line| {
        let mut line = line.split(" #").next().unwrap().replace('"', "");
        for (name, value) in variables {
            line = line
                .replace(&format!("${{{name}}}"), value)
                .replace(&format!("${name}"), value);
        }
        assert!(!line.contains('$'), "a variable that nothing sets: {line}");
        line.split_whitespace().map(str::to_owned).collect()
    });
    words.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_page_works_for_the_operator() {
    let server = RedisServer::start_guarded();
    let builder = System::builder().on_guarded(server);
    let system = builder.start().await;
    let receiver = Receiver::start().await;
    let endpoint = system
        .customer()
        .create_endpoint(&receiver.url("/hook"), &["*"])
        .await
        .id;
    let event = system
        .backend()
        .push(system.account(), "session.created", json!({}))
        .await
        .id;
    receiver.wait_for(1).await;
    let delivery = format!("dlv_{}_{}", &event["evt_".len()..], &endpoint["ep_".len()..]);
    let page = std::fs::read_to_string(root().join("docs/redis-cli.md")).unwrap();
    let variables = [
        ("SOON", "1900000000000"),
        ("NOW", "1800000000000"),
        ("K", "wh:{0}:"),
        ("A", system.account()),
        ("E", &endpoint),
        ("W", "node-1-1-k7f2q9"),
        ("V", &event),
        ("D", &delivery),
    ];
    let url = system.redis.url_as("operator");
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let commands = commands(&page, &variables);
    assert!(commands.len() > 30, "{commands:?}");
    for words in &commands {
        let asked = redis::cmd(&words[0])
            .arg(&words[1..])
            .query::<Value>(&mut connection);
        let answer = asked.unwrap_or_else(|error| panic!("{words:?}: {error}"));
        // What every system has is there.
        if ["INFO", "DBSIZE", "CLIENT"].contains(&words[0].as_str()) || words.last().unwrap() == "wh:meta" {
            assert!(!matches!(answer, Value::Nil), "{words:?}");
        }
        if words[0] == "HMGET" && words[1].contains("endpoint:") && words[2] == "state" {
            let fields: Vec<Option<String>> = redis::from_redis_value(answer).unwrap();
            assert_eq!(fields[0].as_deref(), Some("active"));
        }
    }
    system.finish().await;
}
