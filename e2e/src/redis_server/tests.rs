use std::net::TcpStream;

use super::*;

#[test]
fn a_killed_server_comes_back_with_its_data() {
    let mut server = RedisServer::start();
    assert_eq!(server.raw("SET fruit apple").unwrap(), "+OK\r\n");
    server.kill9();
    assert!(server.raw("PING").is_err());
    server.restart();
    assert_eq!(server.raw("GET fruit").unwrap(), "$5\r\napple\r\n");
    server.restart();
    assert_eq!(server.raw("GET fruit").unwrap(), "$5\r\napple\r\n");
}

#[test]
fn a_stopped_server_hangs_and_goes_on() {
    let server = RedisServer::start();
    server.stop_signal();
    assert!(server.raw("PING").is_err());
    server.cont();
    assert_eq!(server.raw("PING").unwrap(), "+PONG\r\n");
}

#[test]
fn it_runs_as_the_product_asks() {
    let server = RedisServer::start_with(&["--maxmemory", "64mb"]);
    for (name, value) in [
        ("appendonly", "yes"),
        ("appendfsync", "always"),
        ("maxmemory-policy", "noeviction"),
        ("maxmemory", "67108864"),
    ] {
        let answer = server.raw(&format!("CONFIG GET {name}")).unwrap();
        assert!(answer.contains(value), "{name}: {answer}");
    }
    assert_eq!(server.args().redis_url.expose(), server.url());
}

#[test]
fn dropping_it_ends_it_and_removes_its_directory() {
    let server = RedisServer::start();
    let (dir, address) = (server.dir().to_owned(), server.address());
    drop(server);
    assert!(!dir.exists());
    assert!(TcpStream::connect(address).is_err());
}
