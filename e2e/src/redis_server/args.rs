//! What leads a program's configuration to a server.

use clap::Parser;
use store::settings::RedisArgs;

/// The configuration that leads to one server. Every value is given, so that the environment decides nothing.
#[must_use]
pub fn args_of(redis_url: &str) -> RedisArgs {
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        redis: RedisArgs,
    }
    Arguments::parse_from(["test", "--redis-url", redis_url, "--shards", "1"]).redis
}
