//! Makes calls, and reads from Redis what each one cost it.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::client::{Caller, Reply};
use e2e::redis_server::RedisServer;
use reqwest::Method;
use serde_json::Value;

use crate::measured::Measured;
use crate::redis_usage::{slow_calls, watch_slow};
use crate::stats::spread;

/// Commands that take less are not seen. Writing down all that a script calls would make it slower than it is.
const FROM_MICROS: u32 = 20;

/// What workers and probes ask meanwhile.
const NOT_OF_A_CALL: [&str; 5] = ["work", "upkeep", "blpop", "ping", "set"];

/// What one call cost.
#[derive(Debug)]
struct Cost {
    all_ms: f64,
    longest_ms: f64,
    longest: String,
}

/// Every call with its costs.
#[derive(Debug)]
pub(super) struct Meter<'a> {
    redis: &'a RedisServer,
    costs: BTreeMap<String, Vec<Cost>>,
}

impl<'a> Meter<'a> {
    pub(super) const fn of(redis: &'a RedisServer) -> Self {
        Self {
            redis,
            costs: BTreeMap::new(),
        }
    }

    /// Makes a call that must succeed, given as `POST /api/events`.
    pub(super) async fn call(
        &mut self,
        caller: &Caller,
        name: &str,
        call: &str,
        body: Option<Value>,
    ) -> Reply {
        watch_slow(self.redis, FROM_MICROS);
        let (method, path) = call.split_once(' ').expect("a method and a path");
        let request = caller.request(method.parse().unwrap(), path);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let reply = Caller::send(request).await;
        assert!(
            (200..300).contains(&reply.status),
            "{name}: {} {}",
            reply.status,
            reply.text
        );
        let cost = self.cost();
        self.costs.entry(name.to_owned()).or_default().push(cost);
        reply
    }

    /// Opens a stream, reads its first bytes and leaves it.
    pub(super) async fn open(&mut self, caller: &Caller, name: &str, path: &str) {
        watch_slow(self.redis, FROM_MICROS);
        let mut response = caller.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
        assert!(response.chunk().await.unwrap().is_some(), "{name} ended");
        drop(response);
        let cost = self.cost();
        self.costs.entry(name.to_owned()).or_default().push(cost);
    }

    fn cost(&self) -> Cost {
        let mut commands = slow_calls(self.redis);
        commands.retain(|slow| !NOT_OF_A_CALL.contains(&slow.name.as_str()));
        let millis = |micros| Duration::from_micros(micros).as_secs_f64() * 1000.0;
        let longest = commands.iter().max_by_key(|slow| slow.micros);
        Cost {
            all_ms: millis(commands.iter().map(|slow| slow.micros).sum()),
            longest_ms: longest.map_or(0.0, |slow| millis(slow.micros)),
            longest: longest.map_or_else(String::new, |slow| slow.name.clone()),
        }
    }

    /// Adds all costs to what was measured; names the longest commands on the way.
    pub(super) fn add_to(&self, measured: &mut Measured) {
        for (call, costs) in &self.costs {
            let all = spread(costs.iter().map(|cost| cost.all_ms).collect()).unwrap();
            let longest = costs
                .iter()
                .max_by(|one, other| one.longest_ms.total_cmp(&other.longest_ms));
            let longest = longest.unwrap();
            measured.set(call.clone(), all.median);
            measured.set(format!("{call}: longest command"), longest.longest_ms);
            eprintln!(
                "  {call}: {:.3} ms, at most {:.3} ms in {}",
                all.median, longest.longest_ms, longest.longest
            );
        }
    }
}
