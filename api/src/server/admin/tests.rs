use poem::http::StatusCode;

use super::*;
use crate::metrics::Metrics;

#[tokio::test]
async fn only_metrics_are_there_and_every_error_is_a_problem() {
    let listener = listen(Some("localhost:0")).await.unwrap().unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let metrics = Metrics::new().unwrap();
    tokio::spawn(run(Some(listener), move || metrics.render()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(format!("{url}/metrics")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], prometheus::TEXT_FORMAT);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("webhooks_api_events_total")
    );
    for path in ["/", "/docs", "/api/webhooks-config", "/metrics/"] {
        let response = client.get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let request = client.post(format!("{url}/metrics")).body(vec![b' '; 4 << 20]);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET, HEAD");
}

#[tokio::test]
async fn an_address_that_was_set_must_be_free() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = listen(Some(&address)).await.unwrap_err();
    assert!(
        error.starts_with(&format!("API_ADMIN_LISTEN: can't listen on {address}")),
        "{error}"
    );
}
