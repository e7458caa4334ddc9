//! `rediss://`: the server's certificate is checked against a private authority, and the server checks ours.
//!
//! Proves (security): TLS with a private authority and client certificates

use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::TestCa;
use e2e::redis_server::RedisServer;
use e2e::state::assert_nothing_left;
use e2e::system::System;
use e2e::tls_proxy::TlsProxy;
use e2e::wait::{LONG, check, eventually};

use crate::tour::{Tour, builder};

fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_system_works_over_tls_with_certificates_on_both_sides() {
    let (server, ca) = (RedisServer::start(), TestCa::new());
    let proxy = TlsProxy::start(server.address(), &ca).await;
    let (certificate, key) = ca.client_files("program");
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let settings = [
        pair("REDIS_URL", proxy.url()),
        pair("REDIS_CA_FILE", path(&ca.pem_file())),
        pair("REDIS_CERT_FILE", path(&certificate)),
        pair("REDIS_KEY_FILE", path(&key)),
    ];
    let mut builder = builder().on(server);
    for (name, value) in &settings {
        builder = builder.env(name, value);
    }
    let system = builder.start().await;
    Tour::of(&system).await;
    assert_nothing_left(&system.redis).await;
    assert!(proxy.served() >= 3, "the API and two workers");
    let check = tokio::task::block_in_place(|| Process::run("webhooksctl", &["check"], &settings));
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
    system.finish().await;
}

/// Neither a server nor a client that can't prove who it is gets a connection.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_certificate_of_the_authority_is_refused() {
    let (server, ca, other) = (RedisServer::start(), TestCa::new(), TestCa::new());
    let proxy = TlsProxy::start(server.address(), &ca).await;
    let (ours, of_other) = (ca.client_files("ours"), other.client_files("other"));
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let certificate = |files: &(std::path::PathBuf, std::path::PathBuf)| {
        vec![
            pair("REDIS_CERT_FILE", path(&files.0)),
            pair("REDIS_KEY_FILE", path(&files.1)),
        ]
    };
    let trusting = |ca: &TestCa| vec![pair("REDIS_CA_FILE", path(&ca.pem_file()))];
    for (what, settings) in [
        ("the system's authorities", certificate(&ours)),
        (
            "another authority",
            [trusting(&other), certificate(&ours)].concat(),
        ),
        ("no certificate", trusting(&ca)),
        (
            "another's certificate",
            [trusting(&ca), certificate(&of_other)].concat(),
        ),
    ] {
        let before = proxy.refused();
        let environment = [vec![pair("REDIS_URL", proxy.url())], settings].concat();
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", &["check"], &environment));
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success(), "{what}: {printed}");
        assert!(printed.contains("Redis is not available"), "{what}: {printed}");
        eventually(LONG, what, async || {
            check(proxy.refused() > before, "it was let in")
        })
        .await;
    }
    let settings = [
        vec![pair("REDIS_URL", proxy.url())],
        trusting(&ca),
        certificate(&ours),
    ]
    .concat();
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", &["check"], &settings));
    // It was let in, and saw that nothing is there.
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(printed.contains("there is no store on this server"), "{printed}");
}

/// `REDIS_URL`, the variables with files, and how the sentence begins.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_file_stops_the_start_with_one_sentence_that_names_the_variable() {
    let system = System::builder().workers(0).start().await;
    let (ca, other) = (TestCa::new(), TestCa::new());
    let (certificate, key) = ca.client_files("one");
    let (_, other_key) = other.client_files("two");
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (ca_file, certificate, key) = (path(&ca.pem_file()), path(&certificate), path(&key));
    let other_key = path(&other_key);
    let dir = e2e::temp_dir::TempDir::new("pem");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let empty = file("empty.pem", "");
    let damaged = file(
        "damaged.pem",
        "-----BEGIN CERTIFICATE-----\nhunter2!\n-----END CERTIFICATE-----\n",
    );
    let no_certificate = file(
        "forged.pem",
        "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n",
    );
    let huge = file("huge.pem", &"x".repeat(2 << 20));
    let tls = "rediss://127.0.0.1:1";
    let plain = "redis://127.0.0.1:1";
    let cases: &[Case<'_>] = &[
        (
            tls,
            &[("REDIS_CA_FILE", "/no/such/file")],
            "REDIS_CA_FILE: the file `/no/such/file` can't be read",
        ),
        (tls, &[("REDIS_CA_FILE", "")], "REDIS_CA_FILE: "),
        (
            tls,
            &[("REDIS_CA_FILE", "/tmp")],
            "REDIS_CA_FILE: the file `/tmp` can't be read",
        ),
        (tls, &[("REDIS_CA_FILE", &empty)], "REDIS_CA_FILE: the file `"),
        (tls, &[("REDIS_CA_FILE", &damaged)], "REDIS_CA_FILE: the file `"),
        (
            tls,
            &[("REDIS_CA_FILE", &no_certificate)],
            "REDIS_CA_FILE: the file `",
        ),
        (tls, &[("REDIS_CA_FILE", &huge)], "REDIS_CA_FILE: the file `"),
        (tls, &[("REDIS_CA_FILE", &key)], "REDIS_CA_FILE: the file `"),
        (
            plain,
            &[("REDIS_CA_FILE", &ca_file)],
            "REDIS_CA_FILE: REDIS_URL must be rediss://",
        ),
        (
            plain,
            &[("REDIS_CERT_FILE", &certificate), ("REDIS_KEY_FILE", &key)],
            "REDIS_CERT_FILE: REDIS_URL must be rediss://",
        ),
        (
            tls,
            &[("REDIS_CERT_FILE", &certificate)],
            "REDIS_KEY_FILE: must be set",
        ),
        (tls, &[("REDIS_KEY_FILE", &key)], "REDIS_CERT_FILE: must be set"),
        (
            tls,
            &[
                ("REDIS_CERT_FILE", &certificate),
                ("REDIS_KEY_FILE", &certificate),
            ],
            "REDIS_KEY_FILE: the file `",
        ),
        (
            tls,
            &[("REDIS_CERT_FILE", &certificate), ("REDIS_KEY_FILE", &other_key)],
            "REDIS_CERT_FILE, REDIS_KEY_FILE: they don't go together",
        ),
        ("rediss://127.0.0.1:1/#insecure", &[], "REDIS_URL: must end after"),
    ];
    for (url, files, start) in cases {
        for program in ["webhooks-api", "webhooks-worker"] {
            let mut environment = system.environment.clone();
            environment.push(pair("REDIS_URL", *url));
            for listen in ["API_LISTEN", "WORKER_LISTEN"] {
                environment.push(pair(listen, format!("127.0.0.1:{}", free_port())));
            }
            environment.extend(files.iter().map(|(name, value)| pair(name, *value)));
            let output = tokio::task::block_in_place(|| Process::run(program, &[], &environment));
            let printed = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success(), "{program}: {printed}");
            let last = printed.lines().last().unwrap_or_default();
            assert!(last.contains(start), "{program}: {printed} (not {start})");
            assert!(!printed.contains("hunter2"), "{printed}");
        }
    }
    system.finish().await;
}
