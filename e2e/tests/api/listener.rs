//! A client of the live stream that takes it apart as the standard of server-sent events says.

use e2e::client::Caller;
use e2e::wait::LONG;
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// Somebody who listens.
pub(crate) struct Listener {
    response: Response,
    unread: String,
}

/// A block of a stream: an event, a comment, or an id without an event.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
    pub(crate) is_comment: bool,
}

/// A request for the stream of an endpoint, from behind an event on.
pub(crate) async fn ask(caller: &Caller, path: &str, last: Option<&str>) -> Response {
    let mut request = caller.request(Method::GET, path);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.send().await.unwrap()
}

impl Listener {
    /// A listener, and the id that its stream begins with.
    pub(crate) async fn start(caller: &Caller, path: &str, last: Option<&str>) -> (Self, String) {
        let response = ask(caller, path, last).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut listener = Self {
            response,
            unread: String::new(),
        };
        let first = listener.block().await.unwrap();
        assert!(first.name.is_empty() && first.data.is_null(), "{first:?}");
        (listener, first.id.unwrap())
    }

    /// The next block; `None` at the end.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        let reading = async {
            loop {
                if let Some((block, rest)) = self.unread.split_once("\n\n") {
                    let block = read(block);
                    self.unread = rest.to_owned();
                    return Some(block);
                }
                let chunk = self.response.chunk().await.unwrap()?;
                self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(LONG, reading).await.unwrap()
    }

    /// The next event; `None` at the end.
    pub(crate) async fn event(&mut self) -> Option<Block> {
        loop {
            let block = self.block().await?;
            if !block.is_comment {
                return Some(block);
            }
        }
    }

    /// The next events, which have these names.
    pub(crate) async fn events(&mut self, names: &[&str]) -> Vec<Block> {
        let mut events = Vec::new();
        for name in names {
            let event = self.event().await.unwrap();
            assert_eq!(event.name, *name, "{event:?}");
            events.push(event);
        }
        events
    }

    /// Asserts that the stream ends for this reason.
    pub(crate) async fn ends(mut self, reason: &str) {
        let last = self.events(&["end"]).await.remove(0);
        assert_eq!(last.data, json!({"reason": reason}));
        assert!(self.event().await.is_none(), "something came after the end");
    }
}

fn read(text: &str) -> Block {
    let mut block = Block {
        is_comment: text.starts_with(':'),
        ..Block::default()
    };
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("event", name)) => name.clone_into(&mut block.name),
            Some(("id", id)) => block.id = Some(id.to_owned()),
            Some(("data", data)) => block.data = serde_json::from_str(data).unwrap(),
            _ => assert!(line.starts_with(':') || line.starts_with("retry: "), "{line}"),
        }
    }
    block
}
