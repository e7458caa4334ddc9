use proptest::prelude::*;

use super::*;

/// How a body ended: complete, with bytes left behind it; or lacking something.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Complete(&'static str),
    Lacking,
    Nonsense(Nonsense),
}

/// Reads a body that comes in pieces of this size.
fn read(framing: Framing, wire: &[u8], piece: usize) -> (Vec<u8>, Result<Vec<u8>, Option<Nonsense>>) {
    let (mut body, mut buffer, mut got) = (Body::new(framing), BytesMut::new(), Vec::new());
    let mut pieces = wire.chunks(piece);
    loop {
        match body.next(&mut buffer) {
            Ok(Next::Part(part)) => got.extend_from_slice(&part),
            Ok(Next::End) => {
                buffer.extend(pieces.flatten());
                return (got, Ok(buffer.to_vec()));
            }
            Ok(Next::Wanting) => match pieces.next() {
                Some(piece) => buffer.extend_from_slice(piece),
                None if body.may_end() => return (got, Ok(Vec::new())),
                None => return (got, Err(None)),
            },
            Err(nonsense) => return (got, Err(Some(nonsense))),
        }
    }
}

#[test]
fn a_body_is_complete_or_cut_short_or_nonsense() {
    use Ended::{Complete, Lacking, Nonsense};
    let chunked = Framing::Chunked;
    let long_line = format!("1;{}\r\nx\r\n", "e".repeat(MAX_LINE));
    for (framing, wire, got, ended) in [
        (Framing::Length(0), "", "", Complete("")),
        (Framing::Length(0), "more", "", Complete("more")),
        (Framing::Length(4), "bodymore", "body", Complete("more")),
        (Framing::Length(4), "bod", "bod", Lacking),
        (Framing::UntilEnd, "", "", Complete("")),
        (Framing::UntilEnd, "all of it", "all of it", Complete("")),
        (chunked, "0\r\n\r\n", "", Complete("")),
        (chunked, "4\r\nbody\r\n0\r\n\r\nmore", "body", Complete("more")),
        (
            chunked,
            "2\r\nbo\r\n2;x=\"y\"\r\ndy\r\n00\r\nX-Trailer: 1\r\n\r\n",
            "body",
            Complete(""),
        ),
        (
            chunked,
            "A \r\n0123456789\r\n0\r\n\r\n",
            "0123456789",
            Complete(""),
        ),
        (chunked, "4\nbody\n0\n\n", "body", Complete("")),
        (chunked, "", "", Lacking),
        (chunked, "4\r\nbo", "bo", Lacking),
        (chunked, "4\r\nbody\r\n", "body", Lacking),
        (chunked, "4\r\nbody\r\n0\r\n", "body", Lacking),
        (
            chunked,
            "4\r\nbodymore\r\n",
            "body",
            Nonsense("a chunk that is longer than it says"),
        ),
        (chunked, "x\r\n", "", Nonsense("a chunk without its size")),
        (chunked, "\r\n", "", Nonsense("a chunk without its size")),
        (chunked, "-1\r\n", "", Nonsense("a chunk without its size")),
        (chunked, "4 4\r\n", "", Nonsense("a chunk without its size")),
        (
            chunked,
            "10000000000000000\r\n",
            "",
            Nonsense("a chunk without its size"),
        ),
        (
            chunked,
            &long_line,
            "",
            Nonsense("a line without end in its body"),
        ),
    ] {
        for piece in [1, 3, 10_000] {
            let (came, how) = read(framing, wire.as_bytes(), piece);
            assert_eq!(came, got.as_bytes(), "{framing:?} {wire:.60?} by {piece}");
            let expected = match ended {
                Complete(rest) => Ok(rest.as_bytes().to_vec()),
                Lacking => Err(None),
                Nonsense(what) => Err(Some(what)),
            };
            assert_eq!(how, expected, "{framing:?} {wire:.60?} by {piece}");
        }
    }
}

#[test]
fn what_stands_around_chunks_is_bounded() {
    let extension = format!("1;{}\r\nx\r\n", "e".repeat(1000));
    let (came, how) = read(Framing::Chunked, extension.repeat(100).as_bytes(), 4096);
    assert_eq!(
        (came.len(), how),
        (65, Err(Some("too much around the chunks of its body")))
    );
    let trailers = format!("0\r\n{}", "x: 1\r\n".repeat(20_000));
    let (_, how) = read(Framing::Chunked, trailers.as_bytes(), 4096);
    assert_eq!(how, Err(Some("too much around the chunks of its body")));
}

proptest! {
    #[test]
    fn what_was_chunked_comes_out_whole(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..10), piece in 1_usize..50,
    ) {
        let mut wire = Vec::new();
        for part in &parts {
            wire.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            wire.extend_from_slice(part);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        let (came, how) = read(Framing::Chunked, &wire, piece);
        prop_assert_eq!(came, parts.concat());
        prop_assert_eq!(how, Ok(Vec::new()));
        // Cut short anywhere, it is not complete.
        let (_, how) = read(Framing::Chunked, &wire[..wire.len() - 1], piece);
        prop_assert_eq!(how, Err(None));
    }
}
