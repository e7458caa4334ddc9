//! Receivers that hang, drip, babble, break off or aren't there: each is told, in bounded time and memory.

use super::*;

/// For receivers that take for ever.
const SHORT: Duration = Duration::from_millis(400);

#[tokio::test]
async fn receivers_that_misbehave_fail_in_bounded_time() {
    let text = |text: &str| text.to_owned();
    for (answer, codes, status) in [
        (Answer::Hang, &["timeout"][..], None),
        (Answer::Reset, &["protocol"], None),
        (Answer::ThenClose(text("")), &["protocol"], None),
        (
            Answer::ThenClose(text("HTTP/1.1 200 OK\r\ncontent-le")),
            &["protocol"],
            None,
        ),
        (
            Answer::ThenClose(text("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")),
            &["protocol"],
            Some(200),
        ),
        (
            Answer::ThenClose(text("220 smtp.example ESMTP\r\n")),
            &["protocol"],
            None,
        ),
        // A body that never ends and stays under the cap.
        (
            Answer::Whole(text("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")),
            &["timeout"],
            Some(200),
        ),
        (
            Answer::Whole(text("HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nhalf")),
            &["http_status"],
            Some(500),
        ),
        // Headers that never end: too many, or too large.
        (
            Answer::Endless(text("HTTP/1.1 200 OK\r\n"), text("x-more: 1\r\n")),
            &["protocol", "timeout"],
            None,
        ),
        (
            Answer::Endless(text("HTTP/1.1 200 OK\r\nx-long: "), "x".repeat(4096)),
            &["protocol", "timeout"],
            None,
        ),
        (
            Answer::Endless(text(""), text("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")),
            &["timeout"],
            None,
        ),
    ] {
        let name = format!("{answer:.60?}");
        let (record, wait, receiver) = attempt_on(answer, SHORT).await;
        assert!(
            codes.contains(&record.error.unwrap_or("none")),
            "{name}: {record:?}"
        );
        assert_eq!(record.status, status, "{name}: {record:?}");
        assert!(
            !record.detail.is_empty() && record.detail.len() <= 300,
            "{name}: {record:?}"
        );
        assert!(wait.is_some());
        // What is closed before a byte of an answer may be a server that is being restarted.
        let times = if name.contains("Reset") || name.contains(r#"ThenClose("")"#) {
            2
        } else {
            1
        };
        assert_eq!(receiver.requests().len(), times, "{name}");
        assert_eq!(record.phases.sent_again as usize, times - 1, "{name}");
    }
}

#[tokio::test]
async fn early_hints_are_skipped_and_no_more_than_64_kib_of_a_body_is_read() {
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(3);
    let answer = Answer::Whole(format!("{hints}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    let (record, ..) = attempt_on(answer, PATIENT).await;
    assert_eq!((record.status, record.error), (Some(200), None), "{record:?}");

    let chunk = format!("1000\r\n{}\r\n", "x".repeat(4096));
    let endless = |head: &str| {
        Answer::Endless(
            format!("HTTP/1.1 {head}\r\ntransfer-encoding: chunked\r\n\r\n"),
            chunk.clone(),
        )
    };
    let (record, ..) = attempt_on(endless("200 OK"), PATIENT).await;
    assert_eq!((record.status, record.error), (Some(200), None), "{record:?}");
    let (record, ..) = attempt_on(endless("500 No"), PATIENT).await;
    assert_eq!((record.error, record.snippet.len()), (Some("http_status"), 1024));
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_told_from_a_name_that_is_not_there() {
    let gone = Receiver::start(Answer::Hang).await.address;
    let deliverer = deliverer(PATIENT);
    // The port is free again as soon as the receiver's task has ended.
    let deadline = std::time::Instant::now() + PATIENT;
    let record = loop {
        let (record, _) = attempt(&deliverer, &format!("http://{gone}/")).await;
        if record.detail.contains("refused") || std::time::Instant::now() > deadline {
            break record;
        }
    };
    assert_eq!(record.error, Some("connect"), "{record:?}");
    assert!(record.detail.contains("Connection refused"), "{record:?}");

    let (record, _) = attempt(&deliverer, "http://nothing.invalid:8080/").await;
    assert_eq!(record.error, Some("dns"), "{record:?}");
    assert!(record.detail.contains("nothing.invalid"), "{record:?}");
}
