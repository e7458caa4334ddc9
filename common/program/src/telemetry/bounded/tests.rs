use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing_subscriber::layer::SubscriberExt as _;

use super::{Bounded, Causes, EACH_SECOND, MOST, PAUSE};
use crate::telemetry::EACH;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn all(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One place in the code, for as many lines as are wanted.
fn warn(what: &str, number: u32) {
    tracing::warn!(number, "{what} is away");
}

/// Writes 50 warnings of two causes, waits for the pause, and writes one more of each.
fn storm() {
    for number in 0..50 {
        warn("the store", number);
        warn("the proxy", number);
        tracing::info!("{number} of 50");
    }
    std::thread::sleep(PAUSE + Duration::from_millis(20));
    warn("the store", 50);
    warn("the proxy", 50);
}

fn assert_bounded(lines: &[String], left_out: &str) {
    let of = |what: &str| -> Vec<&String> { lines.iter().filter(|line| line.contains(what)).collect() };
    assert_eq!(of("of 50").len(), 50, "what is no trouble is written");
    for cause in ["the store", "the proxy"] {
        let said = of(cause);
        // A machine that stands still for a second in the storm makes it three.
        assert!((2..4).contains(&said.len()), "{said:?}");
        assert!(!said[0].contains("left_out"), "{said:?}");
        if said.len() == 2 {
            assert!(said[1].ends_with(left_out), "{said:?}");
        }
    }
    assert_eq!(lines.len(), 50 + of("away").len(), "{lines:?}");
}

#[test]
fn text_says_each_cause_once_and_then_how_many_were_left_out() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .map_event_format(Bounded::new);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), storm);
    assert_bounded(&lines.all(), " left_out=49");
}

#[test]
fn json_says_it_in_a_field() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone())
        .map_event_format(Bounded::new);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), storm);
    assert_bounded(&lines.all(), ",\"left_out\":49}");
}

#[test]
fn very_many_causes_at_once_share_a_line_and_are_forgotten() {
    let mut causes = Causes::default();
    let now = Instant::now();
    let said = (0..10 * MOST).filter(|cause| causes.admit(cause, now).is_some());
    assert_eq!(said.count(), MOST + 1);
    let later = now + PAUSE;
    assert_eq!(causes.admit(&"a new one", later), Some(0));
    assert_eq!(causes.known.len(), 1);
}

/// A line for each of many.
fn each(number: u32) {
    tracing::info!(name: EACH, number, "delivered");
}

#[test]
fn of_lines_for_each_of_many_some_are_written_and_the_rest_is_counted() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone())
        .map_event_format(Bounded::new);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for number in 0..EACH_SECOND + 7 {
            each(number);
        }
        std::thread::sleep(PAUSE + Duration::from_millis(20));
        for number in 0..2 {
            each(number);
        }
    });
    let lines = lines.all();
    let most = usize::try_from(EACH_SECOND).unwrap();
    // A machine that stands still for a second in the storm makes it more.
    if lines.len() == most + 2 {
        assert!(lines[most].ends_with(",\"left_out\":7}"), "{}", lines[most]);
    }
    assert!(lines.len() >= most + 2);
    assert!(!lines[most + 1].contains("left_out"), "{}", lines[most + 1]);
    assert!(
        lines
            .iter()
            .all(|line| line.contains("\"message\":\"delivered\"") && !line.contains(EACH))
    );
}
