//! The client that posts to a receiver of OpenTelemetry.

use crate::exporter::{Exporter, Exporting};
use crate::post::{Posted, Request};

impl Exporter {
    /// Begins to send.
    ///
    /// # Errors
    ///
    /// A sentence with the variable's name when TLS can't be set up.
    pub fn start(self) -> Result<Exporting, String> {
        let builder = reqwest::Client::builder();
        // A machine without certificate authorities can't trust anybody over https, and needn't over http.
        let builder = if self.is_tls() {
            builder
        } else {
            builder.tls_certs_only([])
        };
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| {
                format!(
                    "OTEL_EXPORTER_OTLP_ENDPOINT: no client for it can be made, are certificate authorities installed? {error}"
                )
            })?;
        Ok(self.start_with(move |request| post(client.clone(), request)))
    }
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
