//! What a plain HTTP client reaches against the same receiver: no queue, no signature, no record. The upper bound of
//! anything that sends with this client on this machine.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::task::JoinSet;

use crate::clock;
use crate::load::Events;

/// Posts every event to every URL, this many at once.
///
/// # Panics
///
/// When a request fails.
pub(crate) async fn post_all(urls: &[String], events: &Events, numbers: Range<u32>, at_once: u32) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let each = u32::try_from(urls.len()).unwrap();
    let (next, end) = (Arc::new(AtomicU32::new(0)), (numbers.end - numbers.start) * each);
    let urls: Arc<[reqwest::Url]> = urls.iter().map(|url| url.parse().unwrap()).collect();
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let (client, next, urls, events) = (
            client.clone(),
            Arc::clone(&next),
            Arc::clone(&urls),
            events.clone(),
        );
        tasks.spawn(async move {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= end {
                    break;
                }
                let number = numbers.start + index / each;
                let request = client
                    .post(urls[(index % each) as usize].clone())
                    .header("content-type", "application/json")
                    .header("webhook-id", format!("bare_{number}"))
                    .body(events.delivered(number, clock::now()));
                let response = request.send().await.unwrap().error_for_status().unwrap();
                drop(response.bytes().await.unwrap());
            }
        });
    }
    tasks.join_all().await;
}
