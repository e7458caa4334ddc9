//! The receiver of a measurement, a process of its own: it answers as the path says, with next to no work, and writes
//! down what arrives.
//!
//! `GET /control/arrived?under=<prefix>&latency=<true|false>` returns that, `POST /control/forget` forgets it. Times are
//! those of the machine's monotonic clock, so that they can be compared between processes.

mod arrivals;

mod path;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

pub(crate) use arrivals::Arrived;
use arrivals::{Arrival, Arrivals, Open};
use path::Answer;

use crate::clock;

/// How many hosts a receiver is.
pub(crate) const HOSTS: u8 = 10;

/// Serves until the process is ended; prints where it listens first.
pub(crate) async fn serve(port: u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let arrivals = Arc::<Arrivals>::default();
    for number in 1..HOSTS {
        let other = TcpListener::bind((host(number), address.port())).await.unwrap();
        tokio::spawn(listen(other, Arc::clone(&arrivals)));
    }
    println!("{address}");
    listen(listener, arrivals).await;
}

/// The address of a host by its number.
const fn host(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, 1 + number)
}

async fn listen(listener: TcpListener, arrivals: Arc<Arrivals>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(connection(stream, Arc::clone(&arrivals)));
    }
}

async fn connection(stream: TcpStream, arrivals: Arc<Arrivals>) {
    stream.set_nodelay(true).unwrap();
    let service = service_fn(move |request| {
        let arrivals = Arc::clone(&arrivals);
        async move { Ok::<_, Infallible>(answer(request, &arrivals).await) }
    });
    // A broken connection is the sender's business.
    drop(
        http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await,
    );
}

async fn answer(request: Request<Incoming>, arrivals: &Arc<Arrivals>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    if let Some(call) = head.uri.path().strip_prefix("/control/") {
        return control(call, head.uri.query().unwrap_or_default(), arrivals);
    }
    let path = head.uri.path();
    let Some(answer) = Answer::of(path).filter(|_| head.method == Method::POST) else {
        return respond(StatusCode::NOT_FOUND, "no such path");
    };
    let _open = Open::count(arrivals);
    let Ok(body) = body.collect().await else {
        return respond(StatusCode::BAD_REQUEST, "no body");
    };
    let at = clock::now();
    let arrival = head
        .headers
        .get("webhook-id")
        .and_then(|id| Arrival::read(id.as_bytes(), &body.to_bytes(), at));
    arrivals.record(path, arrival);
    match answer {
        Answer::Instant => {}
        Answer::Closing => {
            let mut response = respond(StatusCode::OK, "ok");
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
        Answer::Delay(delay) => tokio::time::sleep(delay).await,
        Answer::InTurn(workers, delay) => {
            let turns = arrivals.turns(path, workers);
            let _turn = turns.acquire().await.unwrap();
            tokio::time::sleep(delay).await;
        }
        Answer::Hang => std::future::pending().await,
        Answer::Fail(status) => return respond(StatusCode::from_u16(status).unwrap(), "as asked"),
    }
    respond(StatusCode::OK, "ok")
}

fn control(call: &str, query: &str, arrivals: &Arrivals) -> Response<Full<Bytes>> {
    match call {
        "arrived" => {
            let given = |name| query.split('&').find_map(|pair: &str| pair.strip_prefix(name));
            let arrived = arrivals.arrived(given("under=").unwrap_or("/"), given("latency=") == Some("true"));
            respond(StatusCode::OK, serde_json::to_vec(&arrived).unwrap())
        }
        "forget" => {
            arrivals.forget();
            respond(StatusCode::OK, "")
        }
        _ => respond(StatusCode::NOT_FOUND, "no such call"),
    }
}

fn respond(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}

/// Where a receiver is, for those who ask it.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    client: reqwest::Client,
}

impl Receiver {
    /// One that listens there.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self {
            address,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// The URL of a path, such as `/instant/7`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The URL of a path at one of its [`HOSTS`].
    pub(crate) fn url_at(&self, number: u8, path: &str) -> String {
        format!("http://{}:{}{path}", host(number), self.address.port())
    }

    /// The URL of a path at a host that a name leads to.
    pub(crate) fn url_named(&self, name: &str, path: &str) -> String {
        format!("http://{name}:{}{path}", self.address.port())
    }

    /// What arrived at the paths that start with `prefix`.
    pub(crate) async fn arrived(&self, prefix: &str) -> Arrived {
        self.ask(&format!("/control/arrived?under={prefix}&latency=true"))
            .await
    }

    /// The same without latencies, which is cheaper.
    pub(crate) async fn counts(&self, prefix: &str) -> Arrived {
        self.ask(&format!("/control/arrived?under={prefix}")).await
    }

    /// Forgets what arrived.
    pub(crate) async fn forget(&self) {
        let asked = self.client.post(self.url("/control/forget")).send().await;
        asked.unwrap().error_for_status().unwrap();
    }

    async fn ask(&self, path: &str) -> Arrived {
        let answer = self.client.get(self.url(path)).send().await.unwrap();
        answer.json().await.unwrap()
    }
}
