use super::*;

fn answer(hosts: &[&str], version: Version) -> bool {
    let mut request = Request::builder().version(version);
    for host in hosts {
        request = request.header("host", *host);
    }
    let checked = check(&request.finish());
    if let Err(problem) = &checked {
        assert_eq!(problem.code(), Code::BadRequest);
    }
    checked.is_ok()
}

#[test]
fn a_request_has_one_host() {
    for good in [
        "api.example",
        "api.example:3000",
        "127.0.0.1:3000",
        "[::1]:3000",
        "api_1",
        "",
    ] {
        assert!(answer(&[good], Version::HTTP_11), "{good}");
    }
    for bad in [
        "a.example, b.example",
        "me@a.example",
        "a.example/x",
        "http://a.example",
        "a b",
        "[::1",
    ] {
        assert!(!answer(&[bad], Version::HTTP_11), "{bad}");
    }
    for several in [["a.example", "b.example"], ["a.example", "a.example"]] {
        assert!(!answer(&several, Version::HTTP_11) && !answer(&several, Version::HTTP_10));
    }
    assert!(!answer(&[], Version::HTTP_11));
    assert!(answer(&[], Version::HTTP_10));
}
