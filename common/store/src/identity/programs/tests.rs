use super::*;

/// A line as Valkey 9 writes it.
fn line(name: &str, flags: &str, user: &str, command: &str, library: &str) -> String {
    format!(
        "id=7 addr=10.0.0.7:41000 laddr=10.0.0.1:6379 fd=9 name={name} age=12 idle=0 flags={flags} capa= db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=0 qbuf-free=0 argv-mem=10 multi-mem=0 rbs=1024 rbp=0 obl=0 oll=0 omem=0 tot-mem=1000 events=r cmd={command} user={user} redir=-1 resp=2 lib-name={library} lib-ver= tot-net-in=1 tot-net-out=1 tot-cmds=1"
    )
}

#[test]
fn a_connection_keeps_the_old_form_if_its_program_may_not_know_the_new_one() {
    for (name, flags, command, library, keeps, why) in [
        ("webhooks-api/0.1.0+s2", "N", "evalsha", "", false, "this release"),
        (
            "webhooks-worker/0.1.0+s2",
            "b",
            "blpop",
            "",
            false,
            "its wait for tokens",
        ),
        ("webhooks-api/0.2.0+s3", "N", "fcall", "", false, "a newer one"),
        (
            "webhooks-worker/0.0.9+s1",
            "N",
            "client|list",
            "",
            true,
            "an older one with a name",
        ),
        ("", "N", "evalsha", "", true, "one before names"),
        ("", "N", "fcall", "", true, "one before names"),
        ("", "b", "blpop", "", true, "its wait for tokens"),
        ("", "b", "xread", "", true, "its live stream"),
        ("", "N", "info", "", true, "its look at the server"),
        ("", "N", "config|get", "", true, "its look at the server"),
        ("", "N", "scan", "", true, "its search"),
        ("", "N", "NULL", "", false, "a health check that only connects"),
        ("", "N", "ping", "", false, "an operator"),
        ("", "N", "client|list", "", false, "an operator"),
        ("", "N", "command|docs", "", false, "an operator"),
        ("", "O", "monitor", "", false, "a monitor"),
        ("", "S", "psync", "", false, "a replica"),
        ("", "S", "info", "", false, "a replica"),
        ("", "M", "evalsha", "", false, "the master of a replica"),
        ("", "P", "subscribe", "", false, "a subscriber"),
        (
            "redis_exporter",
            "N",
            "info",
            "",
            false,
            "an exporter with a name",
        ),
        ("a+s1", "N", "info", "", false, "a name that isn't ours"),
        ("a/b+sx", "N", "info", "", false, "a name that isn't ours"),
        ("", "N", "info", "redis-py", false, "another library"),
        (
            "",
            "N",
            "hgetall",
            "redis-rs",
            false,
            "another program with our library",
        ),
    ] {
        let found = that_know_less(&line(name, flags, "api", command, library), 2);
        assert_eq!(
            !found.is_empty(),
            keeps,
            "{why}: {name} {flags} {command} {library}"
        );
    }
}

#[test]
fn a_connection_is_described_for_whoever_looks_for_it() {
    let list = [
        line("webhooks-api/0.1.0+s2", "N", "api", "fcall", ""),
        line("", "N", "worker", "fcall", ""),
        String::new(),
    ];
    assert_eq!(
        that_know_less(&list.join("\n"), 2),
        ["10.0.0.7:41000 (without a name, user worker, last command fcall)"]
    );
    // Redis 7.0 tells no library.
    let short =
        "id=3 addr=10.0.0.9:5 fd=8 name= age=0 idle=0 flags=N db=0 cmd=hget user=default redir=-1 resp=2";
    assert_eq!(that_know_less(short, 2).len(), 1);
    assert_eq!(that_know_less("what is this", 2), Vec::<String>::new());
}

#[test]
fn our_own_name_says_what_we_know_and_is_one_that_redis_takes() {
    let name = name_of("web hooks\u{e9}\nx", 16);
    assert!(name.starts_with("web_hooks__x/"), "{name}");
    assert!(name.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{name}");
    assert_eq!(
        schema_in(&name).map(|schema| schema.to_string()).as_deref(),
        Some(NEWEST)
    );
    assert_eq!(schema_in(&program_name(16)), schema_in(&name));
    assert_eq!(shards_in(&name), Some(16));
}

#[test]
fn programs_that_have_fewer_shards_are_named() {
    let list = "id=1 addr=10.0.0.1:1 name=webhooks-api/0.1.0+n4+s5 user=api cmd=fcall
id=2 addr=10.0.0.2:1 name=webhooks-worker/0.1.0+n16+s5 user=worker cmd=blpop
id=3 addr=10.0.0.3:1 name=webhooksctl/0.1.0+n4+s5 user=worker cmd=scan
id=4 addr=10.0.0.4:1 name=webhooks-api/0.1.0+s5 user=api cmd=fcall
id=5 addr=10.0.0.5:1 name= user=default cmd=info";
    assert_eq!(
        that_have_fewer(list, 16),
        ["10.0.0.1:1 (webhooks-api/0.1.0+n4+s5, user api, last command fcall)"]
    );
    assert_eq!(that_have_fewer(list, 4), Vec::<String>::new());
}
