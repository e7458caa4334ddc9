//! What the account has to wait for.

use redis::Commands;

use crate::redis_server::RedisServer;
use crate::state;

/// Lists everything that is still going to happen. What is parked isn't.
pub(super) fn under_way(redis: &RedisServer) -> Vec<String> {
    let connection = &mut state::connect(redis);
    let mut left = Vec::new();
    for name in state::UNDER_WAY {
        if connection.exists(state::key(name)).unwrap() {
            left.push(name.to_owned());
        }
    }
    for routes in state::keys(connection, "account:*:endpoints") {
        let endpoints: Vec<String> = connection.hkeys(routes).unwrap();
        for id in endpoints {
            let key = state::key(&format!("endpoint:{id}"));
            let (name, in_flight): (Option<String>, Option<i64>) =
                connection.hmget(key, &["state", "inFlight"]).unwrap();
            let pending: i64 = connection.llen(state::key(&format!("pending:{id}"))).unwrap();
            let retry: i64 = connection.zcard(state::key(&format!("retry:{id}"))).unwrap();
            let is_active = name.as_deref() == Some("active");
            if in_flight != Some(0) || is_active && pending + retry > 0 {
                left.push(format!(
                    "{id}: {in_flight:?} in flight, {pending} waiting, {retry} to be tried again"
                ));
            }
        }
    }
    left
}
