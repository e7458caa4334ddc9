//! Sends a request and judges what comes back: 2xx, complete or at least 64 KiB of it, within the timeout.

use std::time::{Duration, Instant};

use domain::delivery::Failure;
use reqwest::Request;
use store::queue::{AttemptRecord, Phases};

use super::answer::{Answer, shortened};
use super::sender::NotSent;
use crate::metrics::SUCCEEDED;
use crate::transport::Client;
use crate::transport::failure::{Broken, classify};
use crate::transport::phases::{Step, mark, measured};

/// The longest sentence about a failure, in bytes.
const MAX_DETAIL: usize = 300;

/// The verdict on one exchange.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What failed; `None` on success.
    pub(super) failure: Option<Failure>,
    /// The failure in words.
    pub(super) detail: String,
    /// What came, if its head came.
    pub(super) answer: Option<Answer>,
    /// Where the time went.
    pub(super) phases: Phases,
}

impl Judged {
    /// A failure before anything was sent.
    pub(super) fn refused(failure: Failure, detail: String) -> Self {
        Self {
            failure: Some(failure),
            detail: shortened(detail, MAX_DETAIL),
            ..Self::default()
        }
    }

    /// The label for metrics: `succeeded`, or the code of the failure.
    pub(super) fn outcome(&self) -> &'static str {
        self.failure.map_or(SUCCEEDED, Failure::code)
    }

    /// The status, if there was an answer.
    pub(super) fn status(&self) -> Option<u16> {
        self.answer.as_ref().map(Answer::status)
    }

    /// When the receiver of a failure wants to be asked again.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.answer
            .as_ref()
            .filter(|_| self.failure.is_some())?
            .retry_after()
    }

    /// What the log keeps of it: of a success, not what was answered.
    pub(super) fn record(self, duration: Duration) -> AttemptRecord {
        let in_full = self.failure.is_some();
        self.written(duration, in_full)
    }

    /// The same with what was answered to a success too, for whoever waits to see it.
    pub(super) fn record_in_full(self, duration: Duration) -> AttemptRecord {
        self.written(duration, true)
    }

    fn written(self, duration: Duration, in_full: bool) -> AttemptRecord {
        let shown = self.answer.as_ref().filter(|_| in_full);
        AttemptRecord {
            status: self.status(),
            duration,
            phases: self.phases,
            error: self.failure.map(Failure::code),
            response_headers: shown.map(Answer::head).unwrap_or_default(),
            snippet: shown.map(Answer::snippet).unwrap_or_default(),
            detail: self.detail,
        }
    }
}

/// Sends a request and judges the answer. Nothing of it lasts longer than `timeout`.
///
/// # Errors
///
/// [`NotSent`] for our own trouble, or the proxy's, when there was no attempt.
pub(super) async fn send(client: &Client, request: Request, timeout: Duration) -> Result<Judged, NotSent> {
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let mut answer = None;
    let began = Instant::now();
    let exchanged = measured(tokio::time::timeout(
        timeout,
        exchange(client, request, &mut answer),
    ));
    let (end, phases) = match client.proxy() {
        None => exchanged.await,
        Some(proxy) => tokio::select! {
            ended = exchanged => ended,
            never = proxy.watch() => match never {},
        },
    };
    let broken = match end {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(classify(error.as_ref(), &host)),
        Err(_) => Some(Broken::Failed(
            Failure::Timeout,
            too_late(answer.as_ref(), timeout),
        )),
    };
    let judged = match (&answer, broken) {
        // A status that is a failure by itself says more than how its body ended.
        (Some(answer), _) if let Some(failure) = answer.failure() => {
            Judged::refused(failure, answer.sentence())
        }
        (_, None) => Judged::default(),
        (_, Some(Broken::Failed(failure, detail))) => {
            match blamed_proxy(client, failure, began, &phases).await {
                Some(sentence) => return Err(NotSent::Proxy(sentence)),
                None => Judged::refused(failure, detail),
            }
        }
        (_, Some(Broken::Own(sentence))) => return Err(NotSent::Resources(sentence)),
        (_, Some(Broken::Proxy(sentence))) => return Err(NotSent::Proxy(sentence)),
    };
    Ok(Judged {
        answer,
        phases,
        ..judged
    })
}

/// What is wrong with the proxy, if it is rather that than the receiver.
async fn blamed_proxy(client: &Client, failure: Failure, began: Instant, phases: &Phases) -> Option<String> {
    let may_be_its = matches!(
        failure,
        Failure::Timeout | Failure::Connect | Failure::Tls | Failure::Protocol
    );
    let proxy = client.proxy().filter(|_| may_be_its)?;
    if failure == Failure::Protocol && phases.connect.is_none() {
        // An older tunnel, which ends with the proxy even if that is back at once. The next attempt makes one of its own.
        return Some(format!("a tunnel through the proxy {proxy} ended"));
    }
    let was_silent = proxy.was_silent(began).await;
    was_silent.then(|| format!("the proxy {proxy} gave no sign of life"))
}

async fn exchange(
    client: &Client,
    request: Request,
    answer: &mut Option<Answer>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut response = client.execute(request).await?;
    mark(Step::Answered);
    let answer = answer.insert(Answer::begun(&mut response));
    while let Some(chunk) = response.chunk().await? {
        if answer.take(&chunk) {
            // Dropping the answer closes the connection.
            break;
        }
    }
    Ok(())
}

fn too_late(answer: Option<&Answer>, timeout: Duration) -> String {
    match answer {
        Some(answer) => format!(
            "answered {}, but its body was not complete within {timeout:?}",
            answer.status()
        ),
        None => format!("no answer within {timeout:?}"),
    }
}
