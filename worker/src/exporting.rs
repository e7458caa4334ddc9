//! Traces leave the program: what is told of them is posted here.

use traces::{Exporter, Exporting, Posted, Request};

/// Begins to send what an exporter has.
///
/// # Errors
///
/// When TLS can't be set up.
pub(crate) fn start(exporter: Exporter) -> Result<Exporting, reqwest::Error> {
    let builder = reqwest::Client::builder();
    // A machine without certificate authorities can't trust anybody over https, and needn't over http.
    let builder = if exporter.is_tls() {
        builder
    } else {
        builder.tls_certs_only([])
    };
    let client = builder
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?;
    Ok(exporter.start(move |request| post(client.clone(), request)))
}

async fn post(client: reqwest::Client, request: Request) -> Posted {
    let mut post = client
        .post(request.url)
        .timeout(request.timeout)
        .header("Content-Type", Request::CONTENT_TYPE);
    for (name, value) in request.headers {
        post = post.header(name, value);
    }
    match post.body(request.body).send().await {
        Ok(answer) => Posted::Answered(answer.status().as_u16()),
        Err(error) => Posted::Failed(error.without_url().to_string()),
    }
}
