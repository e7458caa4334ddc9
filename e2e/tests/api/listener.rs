//! A client of the live stream that takes it apart as the standard of server-sent events says.

use e2e::client::Caller;
use e2e::wait::LONG;
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// Somebody who listens.
pub(crate) struct Listener {
    response: Response,
    unread: String,
    comments: usize,
}

/// An event of a stream.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
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
        let (listener, first) = Self::begin(ask(caller, path, last).await).await;
        assert_eq!(first.name, "start", "{first:?}");
        (listener, first.id.unwrap())
    }

    /// A listener whose stream begins with a gap, which it returns.
    pub(crate) async fn start_with_gap(caller: &Caller, path: &str, last: Option<&str>) -> (Self, Block) {
        let (listener, first) = Self::begin(ask(caller, path, last).await).await;
        assert_eq!(first.name, "gap", "{first:?}");
        (listener, first)
    }

    /// A listener to this answer, and the event that it begins with.
    pub(crate) async fn begin(response: Response) -> (Self, Block) {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store, no-transform");
        let mut listener = Self {
            response,
            unread: String::new(),
            comments: 0,
        };
        let first = listener.event().await.unwrap();
        (listener, first)
    }

    /// The next event; `None` at the end. Whatever an empty line ends is one: some clients take it for one, and parse its data.
    pub(crate) async fn event(&mut self) -> Option<Block> {
        let reading = async {
            loop {
                self.skip_comments();
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

    /// Waits until a comment comes, before anything else does.
    pub(crate) async fn comment(&mut self) {
        let before = self.comments;
        let reading = async {
            while self.comments == before {
                let chunk = self.response.chunk().await.unwrap().unwrap();
                self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
                self.skip_comments();
            }
        };
        tokio::time::timeout(LONG, reading).await.unwrap();
        assert_eq!(self.unread, "");
    }

    fn skip_comments(&mut self) {
        while self.unread.starts_with(':')
            && let Some((_, rest)) = self.unread.split_once('\n')
        {
            self.comments += 1;
            self.unread = rest.to_owned();
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
    let mut block = Block::default();
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("event", name)) => name.clone_into(&mut block.name),
            Some(("id", id)) => block.id = Some(id.to_owned()),
            Some(("data", data)) => block.data = serde_json::from_str(data).unwrap(),
            _ => assert!(line.starts_with("retry: "), "{line}"),
        }
    }
    assert!(!block.name.is_empty() && block.data.is_object(), "{text}");
    block
}
