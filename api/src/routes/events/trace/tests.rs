use super::*;

#[test]
fn a_query_names_one_key() {
    assert_eq!(
        KeyInQuery::read("a=b&idempotencyKey=lead%2D42").unwrap(),
        "lead-42"
    );
    for (query, code) in [
        ("", Code::MissingField),
        ("idempotencykey=a", Code::MissingField),
        ("idempotencyKey=", Code::InvalidIdempotencyKey),
        ("idempotencyKey=a+b", Code::InvalidIdempotencyKey),
        ("idempotencyKey=a&idempotencyKey=a", Code::InvalidIdempotencyKey),
    ] {
        assert_eq!(KeyInQuery::read(query).unwrap_err().code(), code, "{query}");
    }
}
