use super::*;

#[test]
fn values_are_found_however_they_are_cut() {
    let values: [&[u8]; 7] = [
        b"+OK\r\n",
        b"*2\r\n$4\r\nEVAL\r\n$3\r\na\r\n\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"*2\r\n*1\r\n:7\r\n%1\r\n+a\r\n_\r\n",
        b"-ERR no\r\n",
        b"$0\r\n\r\n",
    ];
    let all = values.concat();
    for step in 1..=all.len() {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in all.chunks(step) {
            frames.put(piece);
            found.extend(std::iter::from_fn(|| frames.next()));
        }
        assert_eq!(found, values, "in pieces of {step}");
        assert!(!frames.has_begun());
    }
}

#[test]
fn another_protocol_is_passed_on_as_it_comes() {
    let mut frames = Frames::default();
    frames.put(b"GET / HTTP/1.1\r\n");
    assert_eq!(frames.next().unwrap(), b"GET / HTTP/1.1\r\n");
    frames.put(b"*");
    assert_eq!(frames.next().unwrap(), b"*");
}

#[test]
fn commands_are_named() {
    assert_eq!(command(b"*2\r\n$7\r\nevalsha\r\n$1\r\na\r\n"), "EVALSHA");
    assert_eq!(command(b"GET / HTTP/1.1\r\n"), "");
}
