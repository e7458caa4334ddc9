use super::*;

#[test]
fn a_query_names_one_key() {
    for spelling in ["lead%2D42", "%22lead-42%22"] {
        let KeyInQuery(key) = KeyInQuery::read(&format!("a=b&idempotencyKey={spelling}")).unwrap();
        assert_eq!(key, "lead-42");
    }
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
