use super::*;

fn of(resolv_conf: &str) -> Settings {
    Settings::of(resolv_conf.as_bytes(), "")
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn the_systems_settings_are_taken_and_what_makes_no_sense_is_skipped() {
    let settings = of(
        "# comment\nnameserver 10.0.0.1\nnonsense\nnameserver fe80::1%1\nnameserver ::1\nnameserver 10.0.0.4\n\
         options timeout:2 attempts:4 ndots:5 edns0 use-vc rotate\nsearch Corp.example. lan\n",
    );
    let servers: Vec<_> = settings.servers.iter().map(ToString::to_string).collect();
    assert_eq!(
        servers,
        ["10.0.0.1:53", "[fe80::1%1]:53", "[::1]:53"],
        "three at most, as everywhere"
    );
    assert_eq!(
        (
            settings.timeout,
            settings.attempts,
            settings.edns,
            settings.is_tcp
        ),
        (Duration::from_secs(2), 4, true, true)
    );
    assert_eq!(settings.suffixes, ["corp.example", "lan"]);
}

#[test]
fn without_settings_this_machine_is_asked_as_the_system_does() {
    let settings = of("");
    assert_eq!(settings.servers[0], "127.0.0.1:53".parse().unwrap());
    assert_eq!(
        (settings.timeout, settings.attempts, settings.edns),
        (Duration::from_secs(5), 2, false)
    );
    // Zeros would mean never.
    let zeros = of("options timeout:0 attempts:0");
    assert_eq!((zeros.timeout, zeros.attempts), (Duration::from_secs(1), 1));
}

#[test]
fn only_names_without_dots_get_suffixes() {
    let settings = of("search corp.example lan\noptions ndots:5\n");
    for (host, names) in [
        ("hooks.customer.example", &["hooks.customer.example"][..]),
        ("a.b", &["a.b"]),
        ("a.b.", &["a.b"]),
        ("backend", &["backend.corp.example", "backend.lan", "backend"]),
        ("backend.", &["backend"]),
    ] {
        assert_eq!(settings.absolute(host), names, "{host}");
    }
    assert_eq!(of("").absolute("backend"), ["backend"]);
}

#[test]
fn the_file_of_hosts_comes_first_and_this_machine_is_always_known() {
    let hosts = "127.0.0.1 localhost # this\n10.1.1.1\tBackend backend.lan.\n\n#10.9.9.9 gone\nnonsense a\n10.1.1.2 backend\n";
    let settings = Settings::of(b"", hosts);
    for (host, expected) in [
        ("localhost", Some(&["127.0.0.1"][..])),
        ("backend", Some(&["10.1.1.1", "10.1.1.2"])),
        ("backend.", Some(&["10.1.1.1", "10.1.1.2"])),
        ("backend.lan", Some(&["10.1.1.1"])),
        ("any.localhost", Some(&["127.0.0.1", "::1"])),
        ("gone", None),
        ("a", None),
        ("notlocalhost", None),
    ] {
        assert_eq!(settings.known(host), expected.map(addresses), "{host}");
    }
    assert_eq!(of("").known("localhost"), Some(addresses(&["127.0.0.1", "::1"])));
}
