//! One connection to an API, used for one request after the other. Bare hyper, so that the generator takes little from
//! the machine that it measures.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Where events go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The API.
    pub(crate) address: SocketAddr,
    /// The value of `Authorization`.
    pub(crate) authorization: String,
}

/// What an API answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Bytes,
}

/// A connection that is kept open.
pub(super) struct Connection {
    target: Target,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub(super) const fn to(target: Target) -> Self {
        Self { target, sender: None }
    }

    /// Posts JSON; `Err` with the reason when there was no answer. The next call connects again then.
    pub(super) async fn post(&mut self, path: &str, body: Bytes) -> Result<Reply, String> {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, &self.target.authorization)
            .body(Full::new(body))
            .unwrap();
        let replied = self.send(request).await;
        if replied.is_err() {
            self.sender = None;
        }
        replied.map_err(|error| error.to_string())
    }

    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        self.sender = Some(sender);
        Ok(Reply { status, body })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.target.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // The request that waits on it gets its error.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}
