use super::*;

fn read(text: &str) -> Result<SentinelUrl, String> {
    SentinelUrl::parse(text).expect("the scheme of sentinels")
}

#[test]
fn what_it_says_is_read() {
    let url = read("redis+sentinel://us%40er:p%2Fw@one:1,two,[fd00::7]:26380,10.0.0.1/main.a-b_1/3").unwrap();
    let sentinels = [
        ("one", 1),
        ("two", 26379),
        ("fd00::7", 26380),
        ("10.0.0.1", 26379),
    ];
    assert_eq!(
        url.sentinels,
        sentinels.map(|(host, port)| (host.to_owned(), port))
    );
    assert_eq!((url.name.as_str(), url.is_tls), ("main.a-b_1", false));
    let server = &url.server;
    assert_eq!(
        (server.username(), server.password()),
        (Some("us@er"), Some("p/w"))
    );
    assert_eq!(server.db(), 3);
    let secure = read("redis+sentinels://one/main/").unwrap();
    assert!(secure.is_tls && secure.server.password().is_none() && secure.server.db() == 0);
    assert!(SentinelUrl::parse("redis://one/0").is_none());
}

#[test]
fn people_see_no_password() {
    for (text, shown) in [
        ("redis+sentinel://one/main", "redis+sentinel://one:26379/main"),
        (
            "redis+sentinels://:hunter2@one:1,[::1]/main/2",
            "redis+sentinels://:…@one:1,[::1]:26379/main/2",
        ),
        (
            "redis+sentinel://api:hunter2@one,one/main",
            "redis+sentinel://api:…@one:26379/main",
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
        ("redis+sentinel://one:26379", "must name the primary"),
        ("redis+sentinel://one:26379/", "must name the primary"),
        ("redis+sentinel://u:hunter2@one//0", "must name the primary"),
        ("redis+sentinel:///main", "the sentinels must be"),
        ("redis+sentinel://u:hunter2@/main", "the sentinels must be"),
        ("redis+sentinel://one,,two/main", "the sentinels must be"),
        ("redis+sentinel://one:x/main", "the sentinels must be"),
        ("redis+sentinel://one:99999/main", "the sentinels must be"),
        ("redis+sentinel://fd00::7/main", "the sentinels must be"),
        ("redis+sentinel://one/ma in", "the name behind"),
        ("redis+sentinel://one/main/x", "behind the name"),
        ("redis+sentinel://one/main/0/1", "behind the name"),
        ("redis+sentinel://one/main?db=1", "must end after"),
        ("redis+sentinels://u:hunter2@one/main#insecure", "must end after"),
        (
            "redis+sentinel://one/main/99999999999999999999",
            "user, password or database",
        ),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.starts_with(sentence), "{text}: {said}");
        assert!(!said.contains("hunter2"), "{text}: {said}");
    }
    let said = read(&format!("redis+sentinel://{many}/main")).unwrap_err();
    assert_eq!(said, "has more than 16 sentinels");
}
