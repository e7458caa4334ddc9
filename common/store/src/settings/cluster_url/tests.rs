use super::*;

fn read(text: &str) -> Result<ClusterUrl, String> {
    ClusterUrl::parse(text).expect("several nodes")
}

#[test]
fn what_it_says_is_read() {
    let url = read("redis://us%40er:p%2Fw,d@one:1,two,[fd00::7]:7000,10.0.0.1/0").unwrap();
    let nodes = [("one", 1), ("two", 6379), ("fd00::7", 7000), ("10.0.0.1", 6379)];
    assert_eq!(url.nodes, nodes.map(|(host, port)| (host.to_owned(), port)));
    let server = &url.server;
    assert_eq!(
        (server.username(), server.password()),
        (Some("us@er"), Some("p/w,d"))
    );
    assert!(!url.is_tls && read("rediss://one,two/").unwrap().is_tls);
    for single in [
        "redis://one:1/0",
        "redis://user:a,b@one",
        "redis+sentinel://one,two/main",
        "one,two",
    ] {
        assert!(ClusterUrl::parse(single).is_none(), "{single}");
    }
}

#[test]
fn people_see_no_password() {
    for (text, shown) in [
        ("redis://one,two", "redis://one:6379,two:6379"),
        ("rediss://:hunter2@one:1,[::1]/0", "rediss://:…@one:1,[::1]:6379"),
        (
            "redis://api:hunter2@one,one,two",
            "redis://api:…@one:6379,two:6379",
        ),
    ] {
        assert_eq!(read(text).unwrap().shown(), shown);
    }
}

#[test]
fn what_is_wrong_is_said_without_a_secret() {
    let many = (0..17)
        .map(|number| format!("h{number}"))
        .collect::<Vec<_>>()
        .join(",");
    for (text, sentence) in [
        ("redis://u:hunter2@one,,two", "the cluster's nodes must be"),
        ("redis://one,two,", "the cluster's nodes must be"),
        ("redis://,", "the cluster's nodes must be"),
        ("redis://one:x,two", "the cluster's nodes must be"),
        ("redis://one:99999,two", "the cluster's nodes must be"),
        ("redis://fd00::7,two", "the cluster's nodes must be"),
        (
            "redis://u:hunter2@one,two/1",
            "a Redis Cluster has database 0 only",
        ),
        ("redis://one,two/0/0", "a Redis Cluster has database 0 only"),
        ("redis://one,two?db=1", "must end after"),
        ("rediss://u:hunter2@one,two/0#insecure", "must end after"),
        (&format!("redis://{many}"), "has more than 16 cluster's nodes"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.starts_with(sentence), "{text}: {said}");
        assert!(!said.contains("hunter2"), "{text}: {said}");
    }
}
