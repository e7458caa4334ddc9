//! The operator's listener: `/metrics`, which strangers have no business with.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::http::header::CONTENT_TYPE;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, EndpointExt as _, Request, Response, Route};
use serve::{Limits, OpenConnections};
use tokio::net::TcpListener;

use crate::body::{self, Patience};
use crate::{headers, problem};

/// Where the operator's listener is unless somebody says.
const DEFAULT: &str = "127.0.0.1:3002";

/// Prometheus needs one or two.
const MAX_CONNECTIONS: usize = 64;

/// Listens on the address of `API_ADMIN_LISTEN`. Where that isn't set, on the default one; if another program has that, there is no
/// listener, and the log says so.
///
/// # Errors
///
/// A sentence for whoever set the variable.
pub async fn listen(address: Option<&str>) -> Result<Option<TcpListener>, String> {
    match (TcpListener::bind(address.unwrap_or(DEFAULT)).await, address) {
        (Ok(listener), _) => Ok(Some(listener)),
        (Err(error), Some(address)) => Err(format!("API_ADMIN_LISTEN: can't listen on {address} ({error})")),
        (Err(error), None) => {
            tracing::warn!(
                %error,
                "there are no metrics: can't listen on {DEFAULT}; set API_ADMIN_LISTEN to another address"
            );
            Ok(None)
        }
    }
}

/// Serves for as long as it is polled: `metrics` makes the page.
pub async fn run(
    listener: Option<TcpListener>,
    metrics: impl Fn() -> String + Send + Sync + 'static,
) -> Infallible {
    if let Some(listener) = listener
        && let Err(error) = serve(listener, metrics).await
    {
        tracing::error!(%error, "there are no metrics");
    }
    std::future::pending().await
}

async fn serve(
    listener: TcpListener,
    metrics: impl Fn() -> String + Send + Sync + 'static,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!("metrics at http://{address}/metrics");
    let local = LocalAddr(Addr::SocketAddr(address));
    let pages = Arc::new(pages(metrics));
    let handler = move |request, client| {
        let (pages, local) = (Arc::clone(&pages), local.clone());
        let client = RemoteAddr(Addr::SocketAddr(client));
        async move {
            let mut request = Request::from((request, local, client, Scheme::HTTP));
            body::limit(&mut request, Patience::default());
            let mut response =
                problem::replace_foreign_error(pages.get_response(request).await, Some("GET, HEAD"), "");
            headers::secure(response.headers_mut());
            hyper::Response::from(response)
        }
    };
    serve::run(
        listener,
        Limits::usual(MAX_CONNECTIONS),
        OpenConnections::default(),
        handler,
        std::future::pending(),
        std::future::pending(),
    )
    .await;
    Ok(())
}

fn pages(metrics: impl Fn() -> String + Send + Sync + 'static) -> impl Endpoint<Output = Response> {
    let page = make_sync(move |_| {
        Response::builder()
            .header(CONTENT_TYPE, prometheus::TEXT_FORMAT)
            .body(metrics())
    });
    Route::new().at("/metrics", poem::get(page)).map_to_response()
}

#[cfg(test)]
mod tests;
