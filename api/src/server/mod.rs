//! The HTTP server: routing, and what is done around every request.
//!
//! Every error leaves as a problem document, even a panic in a call. Every request has an id and is counted under its route;
//! 5xx answers are logged. [`serve`] bounds what clients can make a connection hold, [`crate::body`] how long a body may take.

mod observed;

pub mod admin;

mod settings;

mod pages;

mod dashboard;

pub use dashboard::{PortalOrigins, PublishableKey};
pub use settings::{ServerArgs, Settings};

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, EndpointExt as _, Request, Response, Route};
use tokio::net::TcpListener;

use crate::app::App;
use crate::openapi::{self, RouteTable};
use crate::rate_limit::RateLimitHeaders;
use dashboard::Dashboard;
use observed::Observed;
use pages::Page;

/// Serves until `leaving` is ready, and then until `stopping` is, with each answer the last of its connection. Then it ends the live
/// streams and gives open requests a while to finish.
///
/// # Errors
///
/// When the listener has no address.
pub async fn run(
    listener: TcpListener,
    app: App,
    settings: Settings,
    leaving: impl Future<Output = ()>,
    stopping: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let local = LocalAddr(Addr::SocketAddr(listener.local_addr()?));
    let (limits, streams) = (settings.limits, Arc::clone(&app.streams));
    let open = app.metrics.connections(limits.connections);
    let endpoint = Arc::new(endpoint(app, settings));
    let handler = move |request, client| {
        let (endpoint, local) = (Arc::clone(&endpoint), local.clone());
        let client = RemoteAddr(Addr::SocketAddr(client));
        async move {
            let request = Request::from((request, local, client, Scheme::HTTP));
            hyper::Response::from(endpoint.get_response(request).await)
        }
    };
    let stopping = async move {
        stopping.await;
        streams.stop();
    };
    serve::run(listener, limits, open, handler, leaving, stopping).await;
    Ok(())
}

/// The whole API.
pub fn endpoint(app: App, settings: Settings) -> impl Endpoint<Output = Response> + 'static {
    let service = openapi::service();
    let document = openapi::document_for(&app.header_prefix, &app.event_types);
    let docs = Page::docs(openapi::docs_page(&service, &document));
    let errors = Page::errors(openapi::errors_html(&document));
    let routes = RouteTable::of(&document);
    let dashboard = Arc::new(Dashboard::new(
        settings.publishable_key.as_ref(),
        &settings.portal_origins,
        &app.header_prefix,
    ));
    let dashboard = || {
        let dashboard = Arc::clone(&dashboard);
        poem::get(make_sync(move |request| dashboard.answer(&request)))
    };
    let route = Route::new()
        .at("/openapi.json", page(Page::document(document)))
        .at("/docs", page(docs))
        .at("/errors", page(errors))
        .at("/dashboard", dashboard())
        .at("/dashboard/*below", dashboard())
        .nest_no_strip("/", service);
    Observed {
        inner: RateLimitHeaders::new(route.data(app.clone()), app.rates),
        app,
        routes,
        settings,
    }
}

fn page(page: Page) -> impl Endpoint {
    poem::get(make_sync(move |request| page.answer(&request)))
}

#[cfg(test)]
mod tests;
