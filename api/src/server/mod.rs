//! The HTTP server: routing, and what is done around every request.
//!
//! Every answer that is an error is a problem document, a panic in a handler included; every request has an id, is counted
//! under its route, and 5xx answers are logged. What clients can make the connections hold is bounded by
//! [`serve`], how long their bodies take by [`crate::body`].

mod observed;

mod settings;

pub use settings::{ServerArgs, Settings};

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::http::header;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, EndpointExt as _, Request, Response, Route};
use tokio::net::TcpListener;

use crate::app::App;
use crate::openapi::{self, RouteTable};
use crate::rate_limit::RateLimitHeaders;
use observed::Observed;

/// What `/docs` may load: nothing from elsewhere.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves until `shutdown` is ready, then ends live streams and lets open requests finish for a while.
///
/// # Errors
///
/// When the listener has no address.
pub async fn run(
    listener: TcpListener,
    app: App,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let local = LocalAddr(Addr::SocketAddr(listener.local_addr()?));
    let (limits, streams) = (settings.limits, Arc::clone(&app.streams));
    let endpoint = Arc::new(endpoint(app, settings));
    let handler = move |request, client| {
        let (endpoint, local) = (Arc::clone(&endpoint), local.clone());
        let client = RemoteAddr(Addr::SocketAddr(client));
        async move {
            let request = Request::from((request, local, client, Scheme::HTTP));
            hyper::Response::from(endpoint.get_response(request).await)
        }
    };
    let shutdown = async move {
        shutdown.await;
        streams.stop();
    };
    serve::run(listener, limits, handler, shutdown).await;
    Ok(())
}

/// The whole API.
pub fn endpoint(app: App, settings: Settings) -> impl Endpoint<Output = Response> + 'static {
    let service = openapi::service();
    let document = openapi::document();
    let docs = openapi::docs_page(&service, &document);
    let routes = RouteTable::of(&document);
    let route = Route::new()
        .at(
            "/openapi.json",
            poem::get(make_sync(move |_| {
                Response::builder()
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(document.clone())
            })),
        )
        .at(
            "/docs",
            poem::get(make_sync(move |_| {
                Response::builder()
                    .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
                    .header(header::CONTENT_SECURITY_POLICY, DOCS_POLICY)
                    .body(docs.clone())
            })),
        )
        .nest_no_strip("/", service);
    Observed {
        inner: RateLimitHeaders::new(route.data(app.clone()), app.rates),
        app,
        routes,
        settings,
    }
}

#[cfg(test)]
mod tests;
