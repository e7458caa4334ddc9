//! The open loop.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::{Events, ONE, Pushed, Target};
use crate::clock;

/// The most requests under way. While that many are under way, further events wait, and their time counts.
const CONNECTIONS: usize = 512;

/// Pushes these events, this many per second, each at its own time whether or not the others were answered.
pub(crate) async fn at_rate(target: &Target, events: &Events, numbers: Range<u32>, rate: u32) -> Pushed {
    let (due, mut dues) = mpsc::unbounded_channel();
    let interval = 1_000_000 / u64::from(rate);
    // A thread of its own, because a runtime's timer counts whole milliseconds.
    let pacer = std::thread::spawn(move || {
        let start = clock::now() + 10_000;
        for (index, number) in (0..).zip(numbers) {
            let sent = start + index * interval;
            clock::sleep_until(sent);
            if due.send((number, sent)).is_err() {
                return;
            }
        }
    });
    let idle = Arc::<Mutex<Vec<Connection>>>::default();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut tasks = JoinSet::new();
    let mut all = Pushed::new();
    while let Some((number, sent)) = dues.recv().await {
        let permit = Arc::clone(&room).acquire_owned().await.unwrap();
        let free = idle.lock().unwrap().pop();
        let mut connection = free.unwrap_or_else(|| Connection::to(target.clone()));
        let (idle, body) = (Arc::clone(&idle), events.request(number, sent));
        tasks.spawn(async move {
            let mut pushed = Pushed::new();
            let reply = connection.post(ONE, body).await;
            pushed.count(1, sent, reply);
            idle.lock().unwrap().push(connection);
            drop(permit);
            pushed
        });
        while let Some(done) = tasks.try_join_next() {
            all.add(done.unwrap());
        }
    }
    for pushed in tasks.join_all().await {
        all.add(pushed);
    }
    pacer.join().unwrap();
    all
}
