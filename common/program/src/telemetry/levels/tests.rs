use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::layer::SubscriberExt as _;

use super::filter;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written of lines of ours, of hyper and of poem at each level, when `RUST_LOG` is set so.
fn written(set: &str) -> String {
    let written = Written::default();
    let writer = written.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(filter(set).0).with(layer);
    tracing::subscriber::with_default(subscriber, || {
        tracing::debug!(target: "worker::deliver", "ours-debug");
        tracing::info!(target: "worker::deliver", "ours-info");
        tracing::debug!(target: "hyper::proto", "hyper-debug");
        tracing::info!(target: "hyper::proto", "hyper-info");
        tracing::info!(target: "poem::server", "poem-info");
        tracing::warn!(target: "poem::server", "poem-warn");
    });
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let words = text.lines().filter_map(|line| line.split(' ').next_back());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_level_alone_is_that_of_our_own_code() {
    for (set, expected) in [
        ("", "ours-info hyper-info poem-warn"),
        ("info", "ours-info hyper-info poem-warn"),
        ("debug", "ours-debug ours-info hyper-info poem-warn"),
        ("DEBUG", "ours-debug ours-info hyper-info poem-warn"),
        ("warn", "poem-warn"),
        ("error", ""),
        ("off", ""),
    ] {
        assert_eq!(written(set), expected, "{set}");
    }
}

#[test]
fn what_is_named_is_meant() {
    for (set, expected) in [
        (
            "debug,hyper=debug",
            "ours-debug ours-info hyper-debug hyper-info poem-warn",
        ),
        ("hyper=trace", "ours-info hyper-debug hyper-info poem-warn"),
        ("warn,worker=debug", "ours-debug ours-info poem-warn"),
        (
            "debug,poem=info,hyper=off",
            "ours-debug ours-info poem-info poem-warn",
        ),
    ] {
        assert_eq!(written(set), expected, "{set}");
    }
}

#[test]
fn what_cant_be_read_is_info() {
    let (_, is_wrong) = filter("worker=loud");
    assert!(is_wrong);
    assert_eq!(written("worker=loud"), "ours-info hyper-info poem-warn");
}
