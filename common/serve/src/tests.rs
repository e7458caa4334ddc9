//! The limits over real sockets. Where a test waits for a deadline to pass, the deadline is a short one.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// What only a hang reaches.
const LONG: Duration = Duration::from_secs(60);

/// Long beside what is tested, short beside [`LONG`].
const SHORT: Duration = Duration::from_millis(300);

/// An answer of one piece.
struct Piece(Option<Bytes>);

impl Body for Piece {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(hyper::body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

struct Server {
    address: SocketAddr,
    /// Requests that are being answered; those for `/hang` stay for ever.
    open: Arc<AtomicUsize>,
    leave: Option<oneshot::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

/// What is answered, up to the end of the connection.
async fn answer_to_half_closed(server: &Server, request: &[u8]) -> String {
    let mut client = server.connect().await;
    client.write_all(request).await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn who_closes_its_sending_half_gets_its_answer_and_then_the_end() {
    let server = start(|_| {}).await;
    for _ in 0..20 {
        let answer = answer_to_half_closed(&server, GET).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\r\n/\r\n"),
            "{answer}"
        );
        let late = b"GET /late HTTP/1.1\r\nhost: x\r\n\r\n";
        let answer = answer_to_half_closed(&server, late).await;
        assert!(answer.contains("\r\n/late\r\n"), "{answer}");
    }
    // Who may have gone for good isn't waited for for ever.
    let server = start(|limits| limits.stall = Duration::from_millis(100)).await;
    let hang = b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n";
    assert_eq!(answer_to_half_closed(&server, hang).await, "");
}

#[tokio::test]
async fn clients_are_told_to_close_idle_connections_before_we_do() {
    for (idle, told) in [(75, Some("timeout=70")), (8, Some("timeout=4")), (1, None)] {
        let limits = Limits {
            idle: Duration::from_secs(idle),
            ..Limits::usual(1)
        };
        let value = limits.keep_alive();
        assert_eq!(
            value.as_ref().map(|value| value.to_str().unwrap()),
            told,
            "{idle}"
        );
    }
    let server = start(|_| {}).await;
    let answer = answer_to_half_closed(&server, GET).await.to_lowercase();
    assert!(answer.contains("keep-alive: timeout=55"), "{answer}");
}

async fn start(change: impl FnOnce(&mut Limits)) -> Server {
    // Nothing is short unless the test says so.
    let mut limits = Limits {
        connections: 100,
        kept: 0,
        per_account: 100,
        pace: 64 << 10,
        head: LONG,
        grace: Duration::ZERO,
        idle: LONG,
        stall: LONG,
        drain: LONG,
    };
    change(&mut limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let open = Arc::<AtomicUsize>::default();
    let counting = Arc::clone(&open);
    let handler = move |request: Request<Incoming>, _| {
        let open = Arc::clone(&counting);
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            let body = match request.uri().path() {
                "/hang" => std::future::pending().await,
                "/late" => {
                    // Longer than the client's end takes to arrive.
                    for _ in 0..100 {
                        tokio::task::yield_now().await;
                    }
                    tokio::time::sleep(SHORT).await;
                    b"/late".to_vec()
                }
                "/large" => vec![b'x'; 32 << 20],
                path => path.as_bytes().to_vec(),
            };
            open.fetch_sub(1, Ordering::SeqCst);
            Response::new(Piece(Some(body.into())))
        }
    };
    let (leave, leaving) = oneshot::channel::<()>();
    let (stop, stopping) = oneshot::channel::<()>();
    let ready = |asked: oneshot::Receiver<()>| async { drop(asked.await) };
    let connections = OpenConnections::default();
    let served = tokio::spawn(run(
        listener,
        limits,
        connections,
        handler,
        ready(leaving),
        ready(stopping),
    ));
    Server {
        address,
        open,
        leave: Some(leave),
        stop: Some(stop),
        served,
    }
}

impl Server {
    fn leave(&mut self) {
        self.leave.take().unwrap().send(()).unwrap();
    }

    fn stop(&mut self) {
        drop(self.leave.take());
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn wait_for_open(&self, count: usize) {
        within(async {
            while self.open.load(Ordering::SeqCst) != count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG / 2, future).await.expect("it hangs")
}

/// Sends a request and reads the answer, which must come on this connection.
async fn ask(stream: &mut TcpStream) {
    stream.write_all(GET).await.unwrap();
    let answer = read_answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    within(async {
        // A chunked body of one piece ends so.
        while !answer.ends_with(b"\r\n0\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{answer:?}");
        }
    })
    .await;
    String::from_utf8(answer).unwrap()
}

/// Waits until the server closes the connection, and gives back what it said before.
async fn closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // What is closed with bytes unread is reset.
    if let Err(error) = within(stream.read_to_end(&mut said)).await {
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = start(|limits| limits.head = SHORT).await;
    assert_eq!(closed(&mut server.connect().await).await, "");
    // Half-open: it has even said that it won't say anything.
    let mut half = server.connect().await;
    half.shutdown().await.unwrap();
    assert_eq!(closed(&mut half).await, "");
}

#[tokio::test]
async fn a_slow_head_is_cut_off_however_steadily_it_drips() {
    let server = start(|limits| limits.head = SHORT).await;
    for first in [&b"G"[..], b"GET / HTTP/1.1\r\nx-long: "] {
        let (mut reader, mut writer) = server.connect().await.into_split();
        let drip = async {
            // It fails once the server has had enough.
            let mut dripped = writer.write_all(first).await;
            while dripped.is_ok() {
                tokio::time::sleep(SHORT / 30).await;
                dripped = writer.write_all(b"a").await;
            }
        };
        let mut said = Vec::new();
        // It never ends by itself: only the server can end it.
        within(async {
            tokio::select! {
                () = drip => {}
                _ = reader.read_to_end(&mut said) => {}
            }
        })
        .await;
        assert!(said.is_empty(), "{said:?}");
    }
}

#[tokio::test]
async fn a_slow_head_on_a_connection_that_was_good_is_cut_off_too() {
    let server = start(|limits| limits.head = 5 * SHORT).await;
    let mut stream = server.connect().await;
    ask(&mut stream).await;
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(closed(&mut stream).await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let server = start(|limits| limits.idle = SHORT).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    server.wait_for_open(1).await;
    let mut idle = server.connect().await;
    ask(&mut idle).await;
    assert_eq!(closed(&mut idle).await, "");
    // Whatever was idle since the same moment is gone by now.
    assert_eq!(server.open.load(Ordering::SeqCst), 1);
    assert_eq!(
        busy.try_read(&mut [0]).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_cut_off() {
    let server = start(|limits| limits.stall = SHORT).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    server.wait_for_open(0).await;
    // Not reading is what is tested, so nothing can be seen here until it is over.
    tokio::time::sleep(SHORT * 4).await;
    let taken = closed(&mut stream).await.len();
    assert!(taken < 32 << 20, "{taken}");
}

#[tokio::test]
async fn no_more_connections_than_the_limit_are_served() {
    let server = start(|limits| limits.connections = 3).await;
    let mut open = Vec::new();
    for count in 1..=3 {
        let mut stream = server.connect().await;
        stream
            .write_all(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        server.wait_for_open(count).await;
        open.push(stream);
    }
    let mut waiting: Vec<TcpStream> = Vec::new();
    for _ in 0..5 {
        let mut stream = server.connect().await;
        stream.write_all(GET).await.unwrap();
        waiting.push(stream);
    }
    // One leaves, and all that wait are served in its place, one after another.
    drop(open.pop());
    for stream in &mut waiting {
        assert!(read_answer(stream).await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(
        server.open.load(Ordering::SeqCst),
        3,
        "the one that left was dropped unanswered"
    );
}

#[tokio::test]
async fn who_is_idle_for_longest_makes_room() {
    let server = start(|limits| limits.connections = 3).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        ask(&mut stream).await;
        streams.push(stream);
    }
    // The first was the first to be idle, but not for longest.
    ask(&mut streams[0]).await;
    let mut fourth = server.connect().await;
    ask(&mut fourth).await;
    assert_eq!(closed(&mut streams[1]).await, "");
    for stream in [0, 2] {
        ask(&mut streams[stream]).await;
    }
}

#[tokio::test]
async fn a_new_connection_has_time_to_say_something_and_old_calls_for_room_hit_nobody() {
    let server = start(|limits| (limits.connections, limits.grace) = (1, LONG)).await;
    let mut hanging = server.connect().await;
    hanging
        .write_all(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    server.wait_for_open(1).await;
    let mut first = server.connect().await;
    // Neither that it waits for room nor that it has it can be seen from here.
    tokio::time::sleep(SHORT).await;
    drop(hanging);
    tokio::time::sleep(SHORT).await;
    ask(&mut first).await;
    ask(&mut first).await;
    let mut second = server.connect().await;
    ask(&mut second).await;
    assert_eq!(closed(&mut first).await, "");
    let mut third = server.connect().await;
    ask(&mut third).await;
    assert_eq!(closed(&mut second).await, "");
}

#[tokio::test]
async fn connections_that_say_nothing_keep_nobody_out() {
    let server = start(|limits| limits.connections = 8).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(server.connect().await);
        ask(&mut server.connect().await).await;
    }
}

#[tokio::test]
async fn requests_in_one_piece_are_answered_in_order() {
    let server = start(|limits| limits.connections = 1).await;
    let mut stream = server.connect().await;
    let all: Vec<u8> = (0..50)
        .flat_map(|number| format!("GET /{number}. HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes())
        .collect();
    stream.write_all(&all).await.unwrap();
    let mut said = String::new();
    while said.matches("\r\n0\r\n\r\n").count() < 50 {
        said += &read_answer(&mut stream).await;
    }
    let order: Vec<_> = said.lines().filter(|line| line.starts_with('/')).collect();
    let expected: Vec<_> = (0..50).map(|number| format!("/{number}.")).collect();
    assert_eq!(order, expected);
}

#[tokio::test]
async fn heads_are_limited_in_bytes_and_in_fields() {
    let server = start(|_| ()).await;
    let long = format!("GET / HTTP/1.1\r\nx-long: {}\r\n\r\n", "a".repeat(40 << 10));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(300));
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(40 << 10));
    let endless = format!("GET / HTTP/1.1\r\nx-endless: {}", "a".repeat(1 << 20));
    for head in [long, many, target, endless] {
        let mut stream = server.connect().await;
        // It may be refused before it is sent.
        stream.write_all(head.as_bytes()).await.ok();
        let said = closed(&mut stream).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
    }
    ask(&mut server.connect().await).await;
}

#[tokio::test]
async fn what_is_not_http_is_closed() {
    let server = start(|_| ()).await;
    for text in [
        "\x16\x03\x01\x02\0\x01\0\x01\u{1}\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET  /  HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        let said = closed(&mut stream).await;
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 400"),
            "{text:?}: {said}"
        );
    }
}

#[tokio::test]
async fn a_stop_closes_what_is_idle_and_is_bounded_for_the_rest() {
    let mut server = start(|limits| limits.drain = SHORT).await;
    let mut idle = server.connect().await;
    ask(&mut idle).await;
    let mut silent = server.connect().await;
    let mut hanging = server.connect().await;
    hanging
        .write_all(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    server.wait_for_open(1).await;
    server.stop();
    for stream in [&mut idle, &mut silent, &mut hanging] {
        assert_eq!(closed(stream).await, "");
    }
    within(server.served).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

/// A client, or a proxy, that was held up between its connection and its request.
#[tokio::test]
async fn who_connected_before_a_stop_may_still_ask_once() {
    let mut server = start(|limits| limits.grace = LONG).await;
    let mut idle = server.connect().await;
    ask(&mut idle).await;
    let mut late = server.connect().await;
    server.stop();
    assert_eq!(closed(&mut idle).await, "");
    late.write_all(GET).await.unwrap();
    let said = closed(&mut late).await;
    assert!(
        said.starts_with("HTTP/1.1 200 OK") && said.contains("connection: close"),
        "{said}"
    );
    within(server.served).await.unwrap();
}

#[tokio::test]
async fn a_stop_waits_for_a_first_request_no_longer_than_grace() {
    let mut server = start(|limits| limits.grace = SHORT).await;
    let mut silent = server.connect().await;
    server.stop();
    assert_eq!(closed(&mut silent).await, "");
    within(server.served).await.unwrap();
}

#[tokio::test]
async fn a_server_that_leaves_serves_on_and_says_with_each_answer_that_it_is_the_last() {
    let mut server = start(|_| {}).await;
    let mut kept = server.connect().await;
    kept.write_all(GET).await.unwrap();
    let mut answer = vec![0; 1024];
    let length = kept.read(&mut answer).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer[..length]).contains("connection: close"));
    server.leave();
    // It is told between two of these.
    within(async {
        loop {
            let mut client = server.connect().await;
            client
                .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                .await
                .unwrap();
            let length = client.read(&mut answer).await.unwrap();
            if String::from_utf8_lossy(&answer[..length]).contains("connection: close") {
                assert_eq!(client.read(&mut answer).await.unwrap(), 0, "the connection ends");
                return;
            }
        }
    })
    .await;
    kept.write_all(GET).await.unwrap();
    let mut rest = String::new();
    within(kept.read_to_string(&mut rest)).await.unwrap();
    assert!(
        rest.starts_with("HTTP/1.1 200 OK") && rest.contains("connection: close"),
        "{rest}"
    );
    assert!(!rest.contains("keep-alive"), "{rest}");
    server.stop();
    within(server.served).await.unwrap();
}

/// What the system has connected while nobody was looking, at the very end as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_connected_is_served_while_the_server_ends() {
    // Each round takes a second: so late is a client refused whose first packet was dropped.
    for _ in 0..5 {
        let mut server = start(|_| {}).await;
        let (address, served) = (server.address, Arc::<AtomicUsize>::default());
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let served = Arc::clone(&served);
                std::thread::spawn(move || {
                    while let Ok(mut client) = std::net::TcpStream::connect(address) {
                        client
                            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                            .unwrap();
                        let mut answer = String::new();
                        client.read_to_string(&mut answer).unwrap();
                        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
                        served.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        within(async {
            while served.load(Ordering::SeqCst) < 20 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        server.stop();
        within(server.served).await.unwrap();
        for client in clients {
            tokio::task::spawn_blocking(|| client.join().unwrap())
                .await
                .unwrap();
        }
    }
}
