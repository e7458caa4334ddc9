use super::*;

#[test]
fn a_callers_id_is_kept_if_it_can_do_no_harm() {
    let of_these = |given: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for id in given {
            headers.append(HEADER, HeaderValue::from_bytes(id).unwrap());
        }
        super::of(&headers)
    };
    for good in ["a", "018f-7c.Z_9:+/=@", &"x".repeat(MAX)] {
        assert_eq!(of_these(&[good.as_bytes()]), good);
    }
    let mut made = Vec::new();
    let long = [b'x'; MAX + 1];
    let bad: [&[&[u8]]; 9] = [
        &[],
        &[b""],
        &[b"a b"],
        &[b"a\tb"],
        &[b"\"quoted\""],
        &[b"{}"],
        &[b"\xc3\xa9"],
        &[&long],
        &[b"one", b"two"],
    ];
    for bad in bad {
        let id = of_these(bad);
        assert_eq!(id.len(), 24, "{bad:?}");
        assert!(!made.contains(&id));
        made.push(id);
    }
}
