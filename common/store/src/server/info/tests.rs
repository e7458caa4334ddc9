use super::*;

#[test]
fn versions() {
    let valkey = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n";
    assert_eq!(version(valkey), "Valkey 9.1.2");
    assert_eq!(version("redis_version:6.2.1\r\n"), "Redis 6.2.1");
    assert_eq!(
        [
            major("Valkey 9.1.2"),
            major("Redis 6.2.1"),
            major("Redis of an unknown version")
        ],
        [9, 6, u32::MAX]
    );
}
