//! The signature doctor: a receiver's developer pastes the headers and the body of a request, and learns whether the
//! signatures are valid, or why not.
//!
//! It works by trying: `search` makes the MACs that the usual mistakes would make (a wrong key, a wrong message, a body
//! that was written again) and looks which of them is the one that was given; `judge` names what is different from how
//! it should be. So it works for a signature of ours over a body that the receiver changed as well as for a signature that
//! the receiver's own code made. MACs are compared in constant time, and no secret and no signature that was not given
//! ever leaves this module.

mod headers;

mod signature;

mod timestamp;

mod search;

mod bodies;

mod encoding;

mod json;

mod style;

mod compare;

mod judge;

mod finding;

pub use finding::{Finding, FindingCode};
pub use headers::{Headers, InvalidHeaders, MAX_HEADER_BYTES, MAX_HEADERS};
pub use signature::Scheme;

use self::timestamp::SentAt;
use domain::clock::Timestamp;
use domain::id::EndpointId;
use domain::signing::SigningSecret;

/// What is known of a request.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The endpoint that it came to.
    pub endpoint: &'a EndpointId,
    /// The endpoint's secret.
    pub secret: &'a SigningSecret,
    /// The one before the last rotation.
    pub previous: Option<&'a PreviousSecret>,
    /// The headers that came, or that the receiver's code computed.
    pub headers: &'a Headers,
    /// The body that the receiver's code saw.
    pub body: &'a str,
    /// The body that was sent for [`Headers::event`], if it is still stored.
    pub sent: Option<&'a str>,
    /// The time by which `webhook-timestamp` is judged.
    pub now: Timestamp,
}

/// The secret before a rotation.
#[derive(Debug, Clone)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: SigningSecret,
    /// Until when it signs, or signed, too.
    pub until: Timestamp,
    /// Whether it is the one that makes `X-RKT-Signature` until then.
    pub signs_legacy: bool,
}

/// What the doctor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Whether a receiver that checks all signatures that were given would accept the request now.
    pub valid: bool,
    /// What is with each of the two signatures.
    pub signatures: [(Scheme, Verdict); 2],
    /// Why it is not valid, or what is good to know; most telling first.
    pub findings: Vec<Finding>,
}

/// What is with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A receiver would accept it.
    Valid,
    /// A receiver would refuse it.
    Invalid,
    /// It is not among the headers.
    Absent,
}

impl Verdict {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Absent => "absent",
        }
    }

    /// Invalid instead of valid if something else is wrong.
    const fn unless(self, wrong: bool) -> Self {
        match self {
            Self::Valid if wrong => Self::Invalid,
            verdict => verdict,
        }
    }
}

/// Examines a request.
#[must_use]
pub fn examine(case: &Case<'_>) -> Diagnosis {
    let mut findings = Vec::new();
    let signatures = signature::signatures(case.headers, &mut findings);
    let sent_at = SentAt::of(case.headers);
    let makings = search::search(case, sent_at, &signatures);
    let tried: Vec<_> = signatures.iter().zip(&makings).collect();

    let judged = Scheme::ALL.map(|scheme| judge::judge(case, scheme, &tried));
    for judged in &judged {
        findings.extend_from_slice(judged.findings());
    }
    findings.extend(judge::body(case, &tried));
    findings.extend(judge::unexplained(case, &judged, &findings));
    let covers_message = signatures
        .iter()
        .any(|signature| signature.scheme == Scheme::Standard);
    let message = if covers_message {
        judge::message(case, sent_at)
    } else {
        Vec::new()
    };
    let verdicts = [
        judged[0].verdict(),
        judged[1].verdict().unless(!message.is_empty()),
    ];
    findings.extend(message);

    let mut once = Vec::with_capacity(findings.len());
    for finding in findings {
        if !once.contains(&finding) {
            once.push(finding);
        }
    }
    Diagnosis {
        valid: verdicts.contains(&Verdict::Valid) && once.iter().all(|finding| finding.code.is_note()),
        signatures: [(Scheme::Legacy, verdicts[0]), (Scheme::Standard, verdicts[1])],
        findings: once,
    }
}

#[cfg(test)]
mod tests;
