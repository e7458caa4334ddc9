//! A connection that ends before a byte of an answer: the request is sent again, and only what goes on like this counts.

use e2e::receiver::{Answer, Receiver};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const OK: Answer = Answer::status(200);

/// For what takes for ever.
const SHORT: Duration = Duration::from_secs(1);

/// Makes this many attempts at a receiver that answers so. Returns the last one, and how many requests and connections there
/// were.
async fn attempts(
    times: usize,
    timeout: Duration,
    answers: impl IntoIterator<Item = Answer>,
) -> (AttemptRecord, usize, usize) {
    let receiver = Receiver::start().await;
    receiver.then("/hook", answers);
    let deliverer = deliverer(timeout);
    let mut last = None;
    for _ in 0..times {
        last = Some(attempt(&deliverer, &receiver.url("/hook")).await.0);
    }
    (last.unwrap(), receiver.count(), receiver.connections())
}

#[tokio::test]
async fn a_kept_connection_that_ends_without_an_answer_costs_nothing() {
    for ending in [Answer::close(), Answer::reset()] {
        let (record, requests, connections) = attempts(2, PATIENT, [OK, ending, OK]).await;
        assert_eq!((record.status, record.error), (Some(200), None), "{record:?}");
        assert_eq!(
            (record.phases.sent_again, requests, connections),
            (1, 3, 2),
            "{record:?}"
        );
        assert!(
            record.phases.connect.is_some(),
            "it was answered on a new one: {record:?}"
        );
    }
}

#[tokio::test]
async fn a_new_connection_that_ends_without_an_answer_is_tried_once_more_after_a_moment() {
    for ending in [Answer::close(), Answer::reset()] {
        let (record, requests, connections) = attempts(1, PATIENT, [ending.clone(), OK]).await;
        assert_eq!((record.status, record.error), (Some(200), None), "{record:?}");
        assert_eq!((record.phases.sent_again, requests, connections), (1, 2, 2));
        assert!(record.duration >= Duration::from_millis(100), "{record:?}");

        // The end of a kept one is none of the two.
        let answers = [OK, ending.clone(), ending.clone(), OK];
        let (record, requests, _) = attempts(2, PATIENT, answers).await;
        assert_eq!((record.error, record.phases.sent_again, requests), (None, 2, 4));

        let answers = [ending.clone(), ending.clone(), OK];
        let (record, requests, _) = attempts(1, PATIENT, answers).await;
        assert_eq!(
            (record.error, record.phases.sent_again, requests),
            (Some("protocol"), 1, 2)
        );
        let answers = [OK, ending.clone(), ending.clone(), ending, OK];
        let (record, requests, _) = attempts(2, PATIENT, answers).await;
        assert_eq!(
            (record.error, record.phases.sent_again, requests),
            (Some("protocol"), 2, 4)
        );
    }
}

#[tokio::test]
async fn a_byte_of_an_answer_means_that_nothing_is_sent_again() {
    for start in [
        "H",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
    ] {
        for before in [0, 1] {
            let answers = std::iter::repeat_n(OK, before).chain([Answer::raw(start), OK]);
            let (record, requests, _) = attempts(before + 1, PATIENT, answers).await;
            assert_eq!(record.error, Some("protocol"), "{start:?}: {record:?}");
            assert_eq!(
                (record.phases.sent_again, requests),
                (0, before + 1),
                "{start:?}: {record:?}"
            );
        }
    }
}

#[tokio::test]
async fn all_of_it_has_one_deadline() {
    let (record, requests, _) = attempts(2, SHORT, [OK, Answer::close(), Answer::hang()]).await;
    assert_eq!(
        (record.error, record.phases.sent_again, requests),
        (Some("timeout"), 1, 3)
    );
    assert_eq!(record.detail, "no answer within 1s");
}

#[tokio::test]
async fn a_connection_is_kept_for_no_longer_than_the_receiver_says() {
    for (timeout, expected) in [
        ("timeout=1", 3),
        ("timeout=0, max=5", 3),
        ("timeout=60, max=100", 1),
    ] {
        let answers = std::iter::repeat_n(OK.header("keep-alive", timeout), 3);
        let (record, requests, connections) = attempts(3, PATIENT, answers).await;
        assert_eq!(record.error, None);
        assert_eq!((requests, connections), (3, expected), "{timeout}");
    }
}

/// Takes connections one after the other, reads this much of each request, and answers; then it closes, in front of what it
/// has not read.
async fn hasty(listener: TcpListener, turns: Vec<(usize, &'static str)>) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for (read, answer) in turns {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut vec![0; read]).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        if read > LARGE {
            open.push(stream);
        }
    }
    open
}

/// More than the buffers of a connection hold.
const LARGE: usize = 16 << 20;

async fn large_attempt(turns: Vec<(usize, &'static str)>) -> AttemptRecord {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let receiving = tokio::spawn(hasty(listener, turns));
    let lease = leased(&url, vec![b'x'; LARGE].leak());
    let outcome = deliverer(PATIENT).attempt(&lease).await.unwrap();
    drop(receiving.await.unwrap());
    match outcome {
        Outcome::Succeeded(record) | Outcome::Failed { attempt: record, .. } => record,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn half_a_request_is_sent_again_as_a_whole() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let record = large_attempt(vec![(1000, ""), (LARGE + 1, ok)]).await;
    assert_eq!((record.error, record.phases.sent_again), (None, 1), "{record:?}");
}

#[tokio::test]
async fn an_answer_to_half_a_request_is_an_answer() {
    let too_large = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";
    let record = large_attempt(vec![(1000, too_large)]).await;
    assert_eq!(
        (record.status, record.error),
        (Some(413), Some("http_status")),
        "{record:?}"
    );
    assert_eq!(record.phases.sent_again, 0);
}
