//! One connection through the proxy, request by request and answer by answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::cut::Due;
use super::frames::Frames;
use super::{Fault, Shared, lock};

/// Accepts connections and forwards them until it is aborted.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                if *shared.fault.borrow() == Fault::Refuse {
                    lock(&shared.counters).refused += 1;
                    reset(&client);
                    continue;
                }
                connections.spawn(forward(client, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Makes the close to come a reset, as a cut is. One that can't be reset is closed.
fn reset(stream: &TcpStream) {
    drop(stream.set_zero_linger());
}

/// Forwards one connection until either side closes it, or it is cut.
async fn forward(client: TcpStream, shared: Arc<Shared>) {
    let mut sever = shared.sever.subscribe();
    shared.thawed(usize::MAX).await;
    let target = *lock(&shared.target);
    let Ok(server) = TcpStream::connect(target).await else {
        reset(&client);
        return;
    };
    let number = lock(&shared.counters).next_connection();
    for stream in [&client, &server] {
        if stream.set_nodelay(true).is_err() {
            return;
        }
        reset(stream);
    }
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let waiting = Mutex::new(Waiting::default());
    let (up, upstream) = mpsc::unbounded_channel();
    let (down, downstream) = mpsc::unbounded_channel();
    // Whatever ends first ends the connection.
    tokio::select! {
        () = read_requests(client_reads, &shared, &waiting, up) => {}
        () = read_answers(server_reads, &shared, &waiting, down) => {}
        () = write(server_writes, &shared, number, upstream) => {}
        () = write(client_writes, &shared, number, downstream) => {}
        _ = sever.changed() => {}
    }
}

/// Requests that were read and not yet answered: whether the answer to each is to be cut.
type Waiting = VecDeque<bool>;

/// Bytes with the time at which they were read.
type Piece = (Instant, Vec<u8>);

async fn read_requests(
    mut from: OwnedReadHalf,
    shared: &Shared,
    waiting: &Mutex<Waiting>,
    to: mpsc::UnboundedSender<Piece>,
) {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 << 10];
    'connection: while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let now = Instant::now();
        frames.put(&buffer[..length]);
        while let Some(request) = frames.next() {
            let due = shared.cut_due(&request);
            if due == Some(Due::InItsMiddle) {
                lock(&shared.counters).requests_cut += 1;
                let half = request[..request.len() / 2].to_vec();
                if to.send((now, half)).is_ok() {
                    break 'connection;
                }
                return;
            }
            lock(&shared.counters).requests += 1;
            lock(waiting).push_back(due == Some(Due::AfterItRan));
            if to.send((now, request)).is_err() {
                return;
            }
        }
    }
    // What was sent before still arrives: the writer ends the connection.
    drop(to);
    std::future::pending().await
}

async fn read_answers(
    mut from: OwnedReadHalf,
    shared: &Shared,
    waiting: &Mutex<Waiting>,
    to: mpsc::UnboundedSender<Piece>,
) {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let now = Instant::now();
        frames.put(&buffer[..length]);
        loop {
            let is_cut = lock(waiting).front() == Some(&true);
            if is_cut && frames.has_begun() {
                lock(&shared.counters).answers_cut += 1;
                return;
            }
            let Some(answer) = frames.next() else { break };
            lock(waiting).pop_front();
            lock(&shared.counters).answers += 1;
            if to.send((now, answer)).is_err() {
                return;
            }
        }
    }
    drop(to);
    std::future::pending().await
}

/// Writes what was read, as late as it has to be. Half a request is the last that is written.
async fn write(
    mut to: OwnedWriteHalf,
    shared: &Shared,
    number: usize,
    mut pieces: mpsc::UnboundedReceiver<Piece>,
) {
    while let Some((read_at, bytes)) = pieces.recv().await {
        let fault = *shared.fault.borrow();
        if let Fault::Delay(delay) = fault {
            tokio::time::sleep_until(read_at + delay).await;
        }
        shared.thawed(number).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
