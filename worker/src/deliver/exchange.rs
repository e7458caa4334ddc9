//! The exchange with a receiver: the request goes out, and the answer comes in, complete or at least 64 KiB of it, within
//! the timeout. An [`Exchange`] tells what the receiver did, whatever that was; it is never an error.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::Failure;
use store::queue::{AttemptRecord, Phases};

use super::answer::{Answer, readable};
use super::masks::Masks;
use crate::egress::Sign;
use crate::fault::{Fault, NotAttempted};
use crate::metrics::{HELD, SUCCEEDED};
use crate::transport::failure::{Error, classify};
use crate::transport::trace::Trace;
use crate::transport::{Client, Request};

/// The longest sentence about a failure, in bytes.
const MAX_DETAIL: usize = 300;

/// What happened between us and a receiver.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    /// What failed; `None` on success.
    pub(super) failure: Option<Failure>,
    /// The failure in words; empty on success.
    detail: String,
    /// What came, if its head came.
    answer: Option<Answer>,
    /// Where the time went.
    phases: Phases,
}

impl Exchange {
    /// One that failed.
    fn failed(failure: Failure, detail: String) -> Self {
        Self {
            failure: Some(failure),
            // Parts of it may be a receiver's words, such as the names in its certificate.
            detail: readable(detail.replace('\n', " ").as_bytes(), MAX_DETAIL),
            ..Self::default()
        }
    }

    /// One that failed before anything was sent, if that is the receiver's fault.
    pub(super) fn without_request(fault: Fault) -> Result<Self, NotAttempted> {
        match fault {
            Fault::Receiver(failure, detail) => Ok(Self::failed(failure, detail)),
            Fault::NotAttempted(reason) => Err(reason),
        }
    }

    /// How metrics name the outcome: `succeeded`, `held`, or the code of the failure.
    pub(super) fn label(&self, now: Timestamp) -> &'static str {
        if self.asks_for_a_pause(now) {
            return HELD;
        }
        self.failure.map_or(SUCCEEDED, Failure::code)
    }

    /// What it says of our own network.
    pub(super) fn sign(&self) -> Sign {
        Sign::of(self.failure, self.answer.is_some(), &self.phases)
    }

    /// When the receiver of a failure wants to be asked again.
    pub(super) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        self.answer
            .as_ref()
            .filter(|_| self.failure.is_some())?
            .retry_after(now)
    }

    /// Whether the receiver gets too much and says so: `429`, or `503` with a time.
    pub(super) fn asks_for_a_pause(&self, now: Timestamp) -> bool {
        self.answer.as_ref().is_some_and(|answer| match answer.status() {
            429 => true,
            503 => answer.retry_after(now).is_some(),
            _ => false,
        })
    }

    /// What the log keeps of it: of a success, not what was answered.
    pub(super) fn record(self, duration: Duration) -> AttemptRecord {
        let in_full = self.failure.is_some();
        self.written(duration, in_full)
    }

    /// The same with what was answered to a success too, for whoever waits to see it.
    pub(crate) fn record_in_full(self, duration: Duration) -> AttemptRecord {
        self.written(duration, true)
    }

    fn written(self, duration: Duration, in_full: bool) -> AttemptRecord {
        let shown = self.answer.as_ref().filter(|_| in_full);
        AttemptRecord {
            status: self.answer.as_ref().map(Answer::status),
            duration,
            phases: self.phases,
            error: self.failure.map(Failure::code),
            response_headers: shown.map(Answer::head).unwrap_or_default(),
            snippet: shown.map(Answer::snippet).unwrap_or_default(),
            detail: self.detail,
        }
    }
}

/// Sends a request and takes the answer in. Nothing of it lasts longer than `timeout`, and nothing that `masks` hide is kept of it.
///
/// # Errors
///
/// When this machine or the proxy is to blame for what failed.
pub(super) async fn send(
    client: &Client,
    request: &Request,
    masks: &Arc<Masks>,
    timeout: Duration,
) -> Result<Exchange, NotAttempted> {
    let (mut trace, mut answer) = (Trace::new(), None);
    let exchanged = tokio::time::timeout(
        timeout,
        send_and_receive(client, request, masks, &mut trace, &mut answer),
    );
    let end = match client.proxy() {
        None => exchanged.await,
        Some(proxy) => tokio::select! {
            ended = exchanged => ended,
            never = proxy.watch() => match never {},
        },
    };
    let phases = trace.phases();
    let fault = match end {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(classify(
            error,
            request.recipient.url().host_str().unwrap_or_default(),
        )),
        Err(_) => Some(Fault::Receiver(
            Failure::Timeout,
            too_late(answer.as_ref(), timeout),
        )),
    };
    let exchange = match (&answer, fault) {
        // A status that is a failure by itself says more than how its body ended.
        (Some(answer), _) if let Some(failure) = answer.failure() => {
            Exchange::failed(failure, answer.sentence())
        }
        (_, None) => Exchange::default(),
        (_, Some(Fault::NotAttempted(reason))) => return Err(reason),
        (_, Some(Fault::Receiver(failure, detail))) => match proxys_fault(client, failure, &trace).await {
            Some(reason) => return Err(reason),
            None => Exchange::failed(failure, detail),
        },
    };
    Ok(Exchange {
        answer,
        phases,
        // A receiver's words may be in it.
        detail: masks.hide_in(exchange.detail),
        ..exchange
    })
}

/// What is wrong with the proxy, if that and not the receiver caused the failure.
async fn proxys_fault(client: &Client, failure: Failure, trace: &Trace) -> Option<NotAttempted> {
    let may_be_its = matches!(
        failure,
        Failure::Timeout | Failure::Connect | Failure::Tls | Failure::Protocol
    );
    let proxy = client.proxy().filter(|_| may_be_its)?;
    if failure == Failure::Protocol && !trace.has_connected() {
        // An older tunnel, which ends with the proxy even if that is back at once. The next attempt makes one of its own.
        let sentence = format!("a tunnel through the proxy {proxy} ended");
        return Some(NotAttempted::Proxy(sentence));
    }
    let was_silent = proxy.was_silent(trace.began()).await;
    was_silent.then(|| NotAttempted::Proxy(format!("the proxy {proxy} gave no sign of life")))
}

async fn send_and_receive(
    client: &Client,
    request: &Request,
    masks: &Arc<Masks>,
    trace: &mut Trace,
    answer: &mut Option<Answer>,
) -> Result<(), Error> {
    let mut response = client.send(request, trace).await?;
    let answer = answer.insert(Answer::begun(&request.recipient, masks, &mut response));
    while let Some(part) = response.part().await? {
        if answer.take(&part) {
            // Dropping the response closes the connection.
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
