use super::*;

#[tokio::test]
async fn a_problem_is_a_document_with_its_headers() {
    let response = Problem::new(Code::UnknownField)
        .field("urll")
        .param("known", ["url"].as_slice())
        .into_response();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(response.content_type(), Some(CONTENT_TYPE));
    let body: serde_json::Value = response.into_body().into_json().await.unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "type": "/errors#unknown_field", "title": "Unknown field", "status": 422, "code": "unknown_field",
            "detail": "Remove the field, or correct its name.", "field": "urll",
            "errors": [{
                "field": "urll", "code": "unknown_field", "detail": "Remove the field, or correct its name.",
                "params": { "known": ["url"] },
            }],
        })
    );
    let response = Problem::new(Code::StoreUnavailable)
        .retry_after(2)
        .into_response();
    assert_eq!(response.header("retry-after"), Some("2"));
    let body: serde_json::Value = response.into_body().into_json().await.unwrap();
    assert!(body.get("field").is_none());
    let response = Problem::new(Code::MissingToken).into_response();
    assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    let response = Problem::new(Code::MethodNotAllowed)
        .allow("GET, POST")
        .into_response();
    assert_eq!(response.header("allow"), Some("GET, POST"));
}
