use std::io::Read as _;

use flate2::read::GzDecoder;
use poem::http::header::HeaderName;

use super::*;

fn ask(page: &Page, headers: &[(HeaderName, &str)]) -> Response {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(name.clone(), *value);
    }
    page.answer(&request.finish())
}

#[tokio::test]
async fn a_page_is_compressed_for_who_takes_it_and_its_bytes_are_shared() {
    let text = "openapi ".repeat(10_000);
    let page = Page::docs(text.clone());
    for (accepts, is_compressed) in [
        ("gzip, deflate, br", true),
        ("br;q=1.0, GZIP;q=0.5", true),
        ("gzip;q=0", false),
        ("gzip; q=0.000", false),
        ("x-gzip, identity", false),
        ("*", false),
        ("", false),
    ] {
        let response = ask(&page, &[(ACCEPT_ENCODING, accepts)]);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[VARY], "accept-encoding");
        assert_eq!(
            response.headers().contains_key(CONTENT_ENCODING),
            is_compressed,
            "{accepts}"
        );
        let form = if is_compressed {
            page.gzip.as_ref().unwrap()
        } else {
            &page.plain
        };
        let body = response.into_body().into_bytes().await.unwrap();
        assert_eq!(body.as_ptr(), form.bytes.as_ptr(), "the bytes are shared");
    }
    let compressed = page.gzip.as_ref().unwrap().bytes.clone();
    assert!(compressed.len() < text.len() / 10);
    let mut read = String::new();
    GzDecoder::new(&*compressed).read_to_string(&mut read).unwrap();
    assert_eq!(read, text);
}

#[tokio::test]
async fn who_has_the_page_gets_no_second_copy() {
    let page = Page::docs("{}".repeat(100));
    let tag = ask(&page, &[]).headers()[ETAG].to_str().unwrap().to_owned();
    let other = ask(&page, &[(ACCEPT_ENCODING, "gzip")]).headers()[ETAG]
        .to_str()
        .unwrap()
        .to_owned();
    assert_ne!(tag, other, "other bytes have another tag");
    assert_ne!(Page::document("[]".to_owned()).plain.tag, tag);
    let (weak, list) = (format!("W/{tag}"), format!("\"x\", {tag}"));
    for (given, is_known) in [
        (&*tag, true),
        (&*weak, true),
        (&*list, true),
        ("*", true),
        (&*other, false),
        ("\"x\"", false),
        ("", false),
    ] {
        let response = ask(&page, &[(IF_NONE_MATCH, given)]);
        assert_eq!(response.status() == StatusCode::NOT_MODIFIED, is_known, "{given}");
        assert_eq!(response.headers()[ETAG], tag);
        for name in [CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY] {
            assert!(response.headers().contains_key(&name), "{name}");
        }
        assert_eq!(
            response.into_body().into_bytes().await.unwrap().is_empty(),
            is_known
        );
    }
}
