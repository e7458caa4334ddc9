//! What each failure means to the developer of a receiver, and what to do about it, in one sentence.

use std::borrow::Cow;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::{Failure, GivenUp};

/// A failure, as the log records it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failed<'a> {
    /// Its stable code.
    pub(super) error: &'a str,
    /// The HTTP status, if the receiver answered.
    pub(super) status: Option<u16>,
    /// What the worker said about it; empty if that isn't known.
    pub(super) detail: &'a str,
    /// How long an attempt may take, if that is known.
    pub(super) timeout: Option<Duration>,
}

/// How to read a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// What happened, in a few words.
    pub(super) what: Cow<'static, str>,
    /// What to do, or where to look.
    pub(super) remedy: Cow<'static, str>,
}

impl Reading {
    fn new(what: impl Into<Cow<'static, str>>, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// Both in one sentence: `401 since 11:52 UTC: the signature is checked with another secret?`
    pub(super) fn at(&self, when: &str) -> String {
        format!("{} {when}: {}", self.what, self.remedy)
    }
}

impl Failed<'_> {
    /// What the failure means.
    pub(super) fn reading(&self) -> Reading {
        match Failure::from_code(self.error) {
            Some(failure) => self.attempted(failure),
            None => GivenUp::from_code(self.error).map_or_else(
                || Reading::new(self.error.to_owned(), "the delivery log says more"),
                given_up,
            ),
        }
    }

    fn attempted(&self, failure: Failure) -> Reading {
        let status = self
            .status
            .map_or_else(|| self.error.to_owned(), |status| status.to_string());
        match failure {
            Failure::Status => Reading::new(status, answered(self.status.unwrap_or_default())),
            Failure::Gone => Reading::new(
                status,
                "the receiver says that this URL is gone for good; give the endpoint another URL, or remove it",
            ),
            Failure::Redirect => match target(self.detail) {
                Some(target) => Reading::new(format!("{status} to {target}"), "update the URL"),
                None => Reading::new(
                    status,
                    "redirects are not followed; update the URL to where it leads",
                ),
            },
            Failure::Timeout => self.timed_out(),
            Failure::Dns => unresolved(self.detail),
            Failure::BlockedAddress => Reading::new(
                "address not public",
                "the host resolves to a private address; give a URL whose host is reachable from the internet",
            ),
            Failure::Connect => unconnected(self.detail),
            Failure::Tls => Reading::new("TLS failure", untrusted(self.detail)),
            Failure::Protocol => Reading::new(
                "connection broken off",
                "the receiver, or a proxy in front of it, closes connections before its answer is complete, or speaks no \
                 HTTP there; check the URL's scheme and port",
            ),
            Failure::Url => Reading::new(
                "URL no longer allowed",
                "give an https URL with port 443, or one from 1024",
            ),
        }
    }

    fn timed_out(&self) -> Reading {
        let within = self.timeout.map_or_else(
            || "in time".to_owned(),
            |timeout| format!("within {} s", timeout.as_secs_f64()),
        );
        if self.detail.starts_with("no connection") {
            Reading::new(
                "no connection in time",
                "the host takes no connections; does a firewall drop ours?",
            )
        } else if self.detail.starts_with("answered") {
            Reading::new(
                format!("no complete answer {within}"),
                "end the answer at once; answer first and work later",
            )
        } else {
            Reading::new(format!("no answer {within}"), "answer first and work later")
        }
    }
}

/// What to do about answers with this status.
const fn answered(status: u16) -> &'static str {
    match status {
        400 | 422 => "the receiver takes the body for malformed; its log and the start of its answer say why",
        401 => "the signature is checked with another secret?",
        403 => "the signature is checked with another secret, or a firewall refuses our requests?",
        404 => "nothing is served at this path; correct the URL, or the receiver's route",
        405 => "the receiver takes no POST at this path; correct the URL, or the receiver's route",
        413 => "the receiver's limit for the size of a body is too low; raise it",
        415 => "the receiver does not take `application/json`; let it",
        429 => {
            "the receiver's rate limit is too low for its events; raise it, give the endpoint a `rateLimit`, or let \
             `Retry-After` say when to come again"
        }
        502..=504 => "what stands in front of the receiver gets no answer from it; is it running?",
        500..=599 => "the receiver fails; its own log of this time says why",
        _ => "the receiver refuses; its log and the start of its answer say why",
    }
}

/// Where a redirect leads; `None` if the worker doesn't say, or not in full.
fn target(detail: &str) -> Option<&str> {
    let (_, target) = detail.split_once(" to ")?;
    target.strip_suffix("; redirects are not followed")
}

fn unresolved(detail: &str) -> Reading {
    if detail.contains("emporary failure") {
        return Reading::new(
            "host name not resolved",
            "the name servers of its domain do not answer; check them",
        );
    }
    let named = detail
        .strip_prefix("the name ")
        .and_then(|rest| rest.split_once(' '))
        .map_or("the URL's host", |(host, _)| host);
    Reading::new(
        "host name not found",
        format!("check the spelling of {named}, and its DNS records"),
    )
}

fn unconnected(detail: &str) -> Reading {
    if detail.contains("refused") {
        Reading::new(
            "connection refused",
            "nothing listens at the URL's host and port; is the receiver running?",
        )
    } else if detail.contains("unreachable") {
        Reading::new(
            "host unreachable",
            "no route leads to the host; check its address and its firewall",
        )
    } else {
        Reading::new(
            "no connection",
            "the receiver, or a firewall in front of it, breaks connections off",
        )
    }
}

/// What to do about a TLS failure, recognised by the worker's words, or by those of the previous release (rustls's).
fn untrusted(detail: &str) -> Cow<'static, str> {
    let says = |words: &[&str]| words.iter().any(|words| detail.contains(words));
    if says(&["certificate expired", "Expired"]) {
        expiry(detail).map_or(Cow::Borrowed("the certificate expired; renew it"), |day| {
            Cow::Owned(format!("the certificate expired on {day}; renew it"))
        })
    } else if says(&["not valid yet", "NotValidYet"]) {
        "the certificate is not valid yet; check its dates".into()
    } else if says(&["not valid for name", "NotValidForName"]) {
        "the certificate is for another name; get one for the URL's host".into()
    } else if says(&["unknown issuer", "UnknownIssuer"]) {
        "the certificate's issuer is unknown; use a public authority, and send the chain in full".into()
    } else if says(&[
        "does not speak TLS",
        "middle of the handshake",
        "corrupt message",
        "handshake eof",
    ]) {
        "the port speaks no TLS; check the URL's scheme and port".into()
    } else if says(&["fatal alert"]) {
        "the receiver breaks the handshake off; it must offer TLS 1.2 or 1.3 and want no certificate of ours"
            .into()
    } else {
        "check the certificate, and that TLS 1.2 or 1.3 is offered".into()
    }
}

/// The last day on which a certificate was valid.
fn expiry(detail: &str) -> Option<String> {
    if let Some((_, day)) = detail.split_once("expired on ") {
        return day.get(..10).map(str::to_owned);
    }
    let (_, after) = detail.split_once("not valid after ")?;
    let seconds: i64 = after.split(' ').next()?.parse().ok()?;
    let until = Timestamp::from_millis(seconds.checked_mul(1000)?)?;
    until.to_string().get(..10).map(str::to_owned)
}

/// Why a delivery was given up without an attempt.
fn given_up(reason: GivenUp) -> Reading {
    match reason {
        GivenUp::PayloadMissing => Reading::new(
            "events lost before they were sent",
            "the receiver is not to blame; tell whoever operates this system",
        ),
        GivenUp::ParkedTooLong => Reading::new(
            "deliveries given up after they were parked for too long",
            "switch the endpoint on as soon as its receiver works",
        ),
        GivenUp::ParkedOverflow => Reading::new(
            "deliveries given up because too many were parked",
            "switch the endpoint on as soon as its receiver works, then replay what is still kept",
        ),
        GivenUp::EndpointOverBudget => Reading::new(
            "deliveries given up because the endpoint held over half of the account's budget",
            "it is too slow for what it gets: make its receiver quicker, or subscribe it to fewer events; replay what is still kept",
        ),
        GivenUp::Erased => Reading::new(
            "deliveries canceled because their events were erased",
            "nothing: somebody asked for it",
        ),
    }
}
