use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use clap::Parser;
use domain::trace::{SpanId, TraceId};
use tokio::sync::Notify;

use super::*;
use crate::{Kind, Tracer, TracesArgs};

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    traces: TracesArgs,
}

/// What became of spans, by how it was counted.
type Counts = Arc<Mutex<Vec<(Counted, u64)>>>;

fn begun() -> (Tracer, Exporter, Counts) {
    let args = Program::parse_from([
        "program",
        "--otel-exporter-otlp-endpoint",
        "http://a",
        "--otel-exporter-otlp-headers",
        "api-key=k",
    ]);
    let counts = Counts::default();
    let counting = Arc::clone(&counts);
    let count = move |counted, number| counting.lock().unwrap().push((counted, number));
    let (tracer, exporter) = Tracer::new(&args.traces, "program", "1", count);
    let exporter = Exporter {
        pace: QUICK,
        ..exporter.unwrap()
    };
    (tracer, exporter, counts)
}

const QUICK: Pace = Pace {
    collect_for: Duration::from_millis(50),
    first_wait: Duration::from_millis(1),
    finish_within: Duration::from_millis(200),
};

/// Waits until so many were counted.
async fn counted(counts: &Counts, of: Counted, number: u64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while sum(counts, of) < number {
        assert!(Instant::now() < deadline, "{:?}", counts.lock().unwrap());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(sum(counts, of), number);
}

fn span() -> Span {
    Span {
        trace: TraceId::random(),
        id: SpanId::random(),
        parent: None,
        name: "test",
        kind: Kind::Internal,
        began: SystemTime::UNIX_EPOCH,
        ended: SystemTime::UNIX_EPOCH,
        attributes: Vec::new(),
        failure: None,
    }
}

fn sum(counts: &Counts, of: Counted) -> u64 {
    let counts = counts.lock().unwrap();
    counts
        .iter()
        .filter(|(counted, _)| *counted == of)
        .map(|(_, number)| number)
        .sum()
}

#[tokio::test]
async fn what_is_left_goes_at_the_end() {
    let (tracer, exporter, counts) = begun();
    let posted = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&posted);
    let exporting = exporter.start_with(move |request: Request| {
        seen.lock()
            .unwrap()
            .push((request.url.to_string(), request.headers, request.body.len()));
        std::future::ready(Posted::Answered(200))
    });
    for _ in 0..3 {
        tracer.record(span());
    }
    exporting.finish().await;
    let posted = posted.lock().unwrap();
    let (url, headers, bytes) = &posted[0];
    assert_eq!(url, "http://a/v1/traces");
    assert_eq!(headers[..], [("api-key".to_owned(), "k".to_owned())]);
    assert!(*bytes > 3 * 50);
    assert_eq!((posted.len(), sum(&counts, Counted::Exported)), (1, 3));
}

/// Whoever records spans may be gone a moment before the program ends.
#[tokio::test]
async fn what_is_left_goes_once() {
    let (tracer, exporter, counts) = begun();
    let (posts, answered) = (Arc::new(Mutex::new(0)), Arc::new(Notify::new()));
    let (seen, answers) = (Arc::clone(&posts), Arc::clone(&answered));
    let exporting = exporter.start_with(move |_| {
        *seen.lock().unwrap() += 1;
        let answers = Arc::clone(&answers);
        async move {
            answers.notified().await;
            Posted::Answered(200)
        }
    });
    tracer.record(span());
    drop(tracer);
    while *posts.lock().unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    let ending = tokio::spawn(exporting.finish());
    tokio::task::yield_now().await;
    answered.notify_one();
    ending.await.unwrap();
    assert_eq!((*posts.lock().unwrap(), sum(&counts, Counted::Exported)), (1, 1));
}

#[tokio::test]
async fn a_few_go_after_a_while_and_many_at_once() {
    let (tracer, exporter, counts) = begun();
    let exporting = exporter.start_with(|_| std::future::ready(Posted::Answered(200)));
    tracer.record(span());
    counted(&counts, Counted::Exported, 1).await;
    exporting.finish().await;

    let (tracer, mut exporter, counts) = begun();
    exporter.pace.collect_for = Duration::from_secs(3600);
    let exporting = exporter.start_with(|_| std::future::ready(Posted::Answered(200)));
    for _ in 0..MOST_AT_ONCE {
        tracer.record(span());
    }
    counted(&counts, Counted::Exported, MOST_AT_ONCE as u64).await;
    exporting.finish().await;
}

#[tokio::test]
async fn what_may_be_taken_later_is_tried_again_and_what_is_wrong_is_not() {
    for (answer, tries) in [
        (Posted::Answered(503), TRIES),
        (Posted::Answered(429), TRIES),
        (Posted::Failed("no route".to_owned()), TRIES),
        (Posted::Answered(400), 1),
        (Posted::Answered(302), 1),
    ] {
        let (tracer, exporter, counts) = begun();
        let posts = Arc::new(Mutex::new(0));
        let (seen, answered) = (Arc::clone(&posts), answer.clone());
        let exporting = exporter.start_with(move |_| {
            *seen.lock().unwrap() += 1;
            std::future::ready(answered.clone())
        });
        tracer.record(span());
        counted(&counts, Counted::Dropped, 1).await;
        assert_eq!(*posts.lock().unwrap(), tries, "{answer:?}");
        exporting.finish().await;
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_fills_no_memory_and_holds_nobody_up() {
    let (tracer, exporter, counts) = begun();
    let hangs = Arc::new(Notify::new());
    let exporting = exporter.start_with(move |_| {
        let hangs = Arc::clone(&hangs);
        async move {
            hangs.notified().await;
            Posted::Answered(200)
        }
    });
    for _ in 0..10_000 {
        tracer.record(span());
        tokio::task::yield_now().await;
    }
    exporting.finish().await;
    assert_eq!(
        (sum(&counts, Counted::Dropped), sum(&counts, Counted::Exported)),
        (10_000, 0)
    );
}

#[test]
fn without_an_address_there_is_nothing() {
    let args = Program::parse_from(["program"]);
    let (tracer, exporter) = Tracer::new(&args.traces, "program", "1", |_, _| {});
    assert!(!tracer.is_on() && exporter.is_none());
    assert_eq!(tracer.begin(None), None);
    tracer.record(span());
}
