//! Answers that are odd, and clear all the same.

use super::*;

async fn code(answer: &str) -> Option<&'static str> {
    let (record, ..) = attempt_on(Answer::ThenClose(answer.to_owned()), PATIENT).await;
    assert_eq!(record.status, Some(200), "{answer:.80?}: {record:?}");
    record.error
}

#[tokio::test]
async fn one_odd_line_in_its_head_voids_no_2xx() {
    for odd in [
        "X-Odd : a space before the colon",
        "X-Odd: folded\r\n\tinto two",
        "no colon",
        "X Odd: a space in the name",
        "X-Odd: a control character \u{1}",
        "X-Odd: nothing \0",
        &"X-Odd: more than a hundred\r\n".repeat(1000),
        &format!("X-Odd: {}", "x".repeat(60_000)),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{odd}\r\nContent-Length: 4\r\n\r\nbody");
        assert_eq!(code(&answer).await, None, "{odd:.80?}");
    }
}

#[tokio::test]
async fn the_status_alone_is_enough_if_the_connection_ends_behind_it() {
    for whole in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\n\nbody",
        "HTTP/1.1 200\r\nConnection: close\r\n\r\nbody",
    ] {
        assert_eq!(code(whole).await, None, "{whole:?}");
    }
    for short in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
    ] {
        assert_eq!(code(short).await, Some("protocol"), "{short:?}");
    }
}
