use proptest::prelude::*;

use super::*;

/// The head of an answer that has come completely, and what is left behind it.
fn taken(answer: &str) -> Result<Option<(Head, String)>, Nonsense> {
    let mut buffer = BytesMut::from(answer);
    let head = Heads::default().next(&mut buffer)?;
    Ok(head.map(|head| (head, String::from_utf8_lossy(&buffer).into_owned())))
}

/// The head with these lines, in full.
fn head(lines: &[&str]) -> Result<Head, Nonsense> {
    let (head, rest) = taken(&format!("{}\r\n\r\n", lines.join("\r\n")))?.unwrap();
    assert_eq!(rest, "");
    Ok(head)
}

fn field<'a>(head: &'a Head, name: &str) -> Option<&'a [u8]> {
    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
    head.headers.get(&name).map(HeaderValue::as_bytes)
}

#[test]
fn an_odd_line_is_left_out_and_all_others_stand() {
    for (odd, expected) in [
        ("X-Odd : spaced", Some(&b"spaced"[..])),
        ("X-Odd\t:spaced", Some(b"spaced")),
        (
            "X-Odd: folded\r\n  into two\r\n\tor three",
            Some(b"folded into two or three"),
        ),
        ("X-Odd:\r\n late", Some(b"late")),
        ("X-Odd: caf\u{e9}", Some("caf\u{e9}".as_bytes())),
        ("X-Odd:", Some(b"")),
        ("X-Odd", None),
        ("", None),
        (": no name", None),
        ("X Odd: a space in the name", None),
        ("X-Odd\u{1}: a control character in the name", None),
        ("X-Odd: a control character\u{1} in the value", None),
        ("X-Odd: nothing\0", None),
        ("X-Odd: a return\rof its own", None),
        ("X Odd: folded\r\n Server: not a field", None),
        ("  X-Odd: folded, but behind nothing", None),
    ] {
        if odd.is_empty() {
            continue;
        }
        let head = head(&["HTTP/1.1 200 OK", odd, "Server: x", "Content-Length: 3"]).unwrap();
        assert_eq!(field(&head, "x-odd"), expected, "{odd:?}");
        assert_eq!(field(&head, "server"), Some(&b"x"[..]), "{odd:?}");
        assert_eq!(
            (head.status.as_u16(), head.framing),
            (200, Framing::Length(3)),
            "{odd:?}"
        );
    }
}

#[test]
fn a_head_has_as_many_fields_as_fit_into_64_kib() {
    let start = "HTTP/1.1 200 OK\r\n";
    let fields = "a:\n".repeat((MAX_HEAD - start.len() - 2) / 3);
    let (head, _) = taken(&format!("{start}{fields}\r\n")).unwrap().unwrap();
    assert!(head.headers.len() > 20_000, "{}", head.headers.len());
    let different: String = (0..5000).map(|number| format!("x-{number}: 1\n")).collect();
    let (head, _) = taken(&format!("{start}{different}\n")).unwrap().unwrap();
    assert_eq!(head.headers.len(), 5000);
    for too_long in [
        format!("{start}{fields}a:\n\r\n"),
        format!("{start}{}", "a:\n".repeat(MAX_HEAD / 3)),
    ] {
        assert_eq!(taken(&too_long).unwrap_err(), "a head of more than 64 KiB");
    }
}

#[test]
fn the_status_is_read_from_answers_of_http_1_alone() {
    for (line, expected) in [
        ("HTTP/1.1 200 OK", Some(200)),
        ("HTTP/1.0 204 No Content", Some(204)),
        ("HTTP/1.1 200", Some(200)),
        ("HTTP/1.1 200 ", Some(200)),
        ("HTTP/1.1  299  odd spaces", Some(299)),
        ("HTTP/1.1 200 caf\u{e9} \u{1}", Some(200)),
        ("\r\n\r\nHTTP/1.1 200 OK", Some(200)),
        ("HTTP/1.1 2000 OK", None),
        ("HTTP/1.1 20 OK", None),
        ("HTTP/1.1 099 OK", None),
        ("HTTP/1.1 OK", None),
        ("HTTP/1.1200 OK", None),
        ("HTTP/1. 200 OK", None),
        ("HTTP/2 200", None),
        ("ICY 200 OK", None),
        ("220 smtp.example ESMTP", None),
        ("\x15\x03\x01\x00\x02\x02\x46", None),
        ("<html>", None),
    ] {
        let head = head(&[line]);
        assert_eq!(head.map(|head| head.status.as_u16()).ok(), expected, "{line:?}");
    }
    // Without waiting for more.
    assert_eq!(taken("220 s").unwrap_err(), "no answer in HTTP/1");
    assert!(taken("HTT").unwrap().is_none());
}

#[test]
fn interim_answers_are_taken_out_and_what_comes_behind_the_head_stays() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let (head, rest) = taken(&format!(
        "{hints}{hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP"
    ))
    .unwrap()
    .unwrap();
    assert_eq!((head.status.as_u16(), rest.as_str()), (200, "okHTTP"));
    assert_eq!(field(&head, "link"), None);
    assert!(taken(hints).unwrap().is_none());
    let (head, _) = taken("HTTP/1.1 101 Switching Protocols\r\n\r\n")
        .unwrap()
        .unwrap();
    assert_eq!((head.status.as_u16(), head.framing), (101, Framing::Length(0)));
}

#[test]
fn where_the_body_ends_is_what_the_standard_says() {
    let length = |length| Ok(Framing::Length(length));
    for (status, lines, expected) in [
        (200, &[][..], Ok(Framing::UntilEnd)),
        (200, &["Content-Length: 12"], length(12)),
        (200, &["Content-Length: 12", "content-length: 12"], length(12)),
        (200, &["Content-Length: 12, 12"], length(12)),
        (
            200,
            &["Content-Length: 12", "Content-Length: 13"],
            Err("two values of `Content-Length`"),
        ),
        (
            200,
            &["Content-Length: +1"],
            Err("a `Content-Length` that is no number"),
        ),
        (
            200,
            &["Content-Length: -1"],
            Err("a `Content-Length` that is no number"),
        ),
        (
            200,
            &["Content-Length: 99999999999999999999"],
            Err("a `Content-Length` that is no number"),
        ),
        (200, &["Transfer-Encoding: chunked"], Ok(Framing::Chunked)),
        (200, &["Transfer-Encoding: gzip, Chunked"], Ok(Framing::Chunked)),
        (200, &["Transfer-Encoding: gzip"], Ok(Framing::UntilEnd)),
        (
            200,
            &["Transfer-Encoding: chunked", "Content-Length: 3"],
            Ok(Framing::Chunked),
        ),
        (
            200,
            &["Transfer-Encoding: identity", "Content-Length: 3"],
            length(3),
        ),
        (204, &["Transfer-Encoding: chunked"], length(0)),
        (304, &["Content-Length: 12"], length(0)),
        (500, &["Content-Length : 12"], length(12)),
    ] {
        let status = format!("HTTP/1.1 {status} x");
        let framing = head(&[&[status.as_str()], lines].concat()).map(|head| head.framing);
        assert_eq!(framing, expected, "{status} {lines:?}");
    }
}

#[test]
fn a_connection_is_kept_if_the_receiver_keeps_it() {
    let seconds = |seconds| Keeps::For(Duration::from_secs(seconds));
    for (version, lines, expected) in [
        ("1.1", &[][..], Keeps::Open),
        ("1.0", &[], Keeps::No),
        ("1.0", &["Connection: Keep-Alive"], Keeps::Open),
        ("1.1", &["Connection: close"], Keeps::No),
        ("1.1", &["Connection: foo, Close"], Keeps::No),
        ("1.1", &["Connection: keep-alive", "Connection: close"], Keeps::No),
        ("1.1", &["Keep-Alive: timeout=5"], seconds(5)),
        ("1.1", &["Keep-Alive: timeout=5, max=100"], seconds(5)),
        ("1.1", &["Keep-Alive: max=100,Timeout = 15"], seconds(15)),
        ("1.1", &["Keep-Alive: timeout=0"], seconds(0)),
        ("1.1", &["Keep-Alive: timeout=soon"], Keeps::Open),
        ("1.1", &["Keep-Alive: 300"], Keeps::Open),
        (
            "1.0",
            &["Connection: keep-alive", "Keep-Alive: timeout=2"],
            seconds(2),
        ),
        ("1.1", &["Connection: close", "Keep-Alive: timeout=2"], Keeps::No),
    ] {
        let status = format!("HTTP/{version} 200 OK");
        let head = head(&[&[status.as_str()], lines].concat()).unwrap();
        assert_eq!(head.keeps, expected, "{version} {lines:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_head_that_comes_in_pieces_is_the_same(
        text in "(HTTP/1.1 [1-5]0[0-9] x\r?\n)?([a-zA-Z :\t,=0-9]{0,12}\r?\n){0,8}\r?\n?[a-z]{0,4}",
        pieces in proptest::collection::vec(1_usize..9, 1..40),
    ) {
        let whole = taken(&text);
        let (mut heads, mut buffer, mut rest) = (Heads::default(), BytesMut::new(), text.as_bytes());
        let mut came = Ok(None);
        for piece in pieces.iter().cycle() {
            if rest.is_empty() || !matches!(came, Ok(None)) {
                break;
            }
            let (next, later) = rest.split_at(rest.len().min(*piece));
            rest = later;
            buffer.extend_from_slice(next);
            came = heads.next(&mut buffer);
        }
        match (whole, came) {
            (Ok(None), Ok(None)) | (Err(_), Err(_)) => {}
            (Ok(Some((whole, _))), Ok(Some(came))) => {
                prop_assert_eq!(whole.status, came.status);
                prop_assert_eq!(whole.headers, came.headers);
                prop_assert_eq!((whole.framing, whole.keeps), (came.framing, came.keeps));
            }
            (whole, came) => prop_assert!(false, "{:?} but {:?}", whole, came),
        }
    }

    #[test]
    fn no_bytes_break_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..300), is_answer in any::<bool>()) {
        let mut buffer = BytesMut::from(if is_answer { &b"HTTP/1.1 200 OK\n"[..] } else { b"" });
        buffer.extend_from_slice(&bytes);
        buffer.extend_from_slice(b"\n\n");
        let _head = Heads::default().next(&mut buffer);
    }
}
