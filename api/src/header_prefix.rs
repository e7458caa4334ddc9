//! `HEADER_PREFIX` must be the same for the API, which documents the headers of deliveries, and the workers, which send them. Workers
//! announce theirs; the API compares, and warns.

use std::convert::Infallible;
use std::time::Duration;

use crate::app::App;

/// How often we compare: a worker with another prefix may start at any time.
const EVERY: Duration = Duration::from_secs(10);

/// Compares with what the worker announced that started last, again and again. The log hears of each difference once.
pub(crate) async fn compare(app: &App) -> Infallible {
    let ours = app.header_prefix.as_str();
    let mut known: Option<String> = None;
    loop {
        // While Redis fails, others say so.
        if let Ok(store) = app.store.get()
            && let Ok(Some(theirs)) = store.announced_header_prefix().await
            && known.as_ref() != Some(&theirs)
        {
            if theirs != ours {
                tracing::warn!(
                    ours,
                    workers = theirs,
                    "HEADER_PREFIX differs: receivers get headers with the prefix of the workers, and the document, the page /docs and \
                     the signature doctor name others; set it to the same for all"
                );
            } else if known.is_some() {
                tracing::info!(
                    ours,
                    "HEADER_PREFIX is the same for the API and the workers again"
                );
            }
            known = Some(theirs);
        }
        tokio::time::sleep(EVERY).await;
    }
}
