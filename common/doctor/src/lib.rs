//! The signature doctor: a receiver's developer pastes the headers and the body of a request, and learns whether the
//! signatures are valid, and if not, why.
//!
//! It works by trial: `making` computes the MACs that the usual mistakes lead to (a wrong key, a wrong message, a body that
//! was parsed and written again) until one equals the signature that was given; `explain` names what that making did
//! wrong. This works both for our signature over a body that the receiver changed, and for a signature that the receiver's
//! own code computed. MACs are compared in constant time, and the diagnosis contains no secret, and no signature but those
//! that were given. An examination has a `budget` of processor time.
//!
//! - `headers`, `signature`, `timestamp`: what the headers say.
//! - `making`: how a signature was made; `bodies`: the bodies that it may cover, written in the `style` of a library or
//!   read in a wrong `encoding`.
//! - `explain`: what is wrong; `difference`: how two bodies differ, compared as `json`; `finding`: everything that the
//!   doctor can say.

mod budget;

mod headers;

mod signature;

mod timestamp;

mod making;

mod bodies;

mod encoding;

mod json;

mod style;

mod difference;

mod explain;

mod finding;

pub use budget::Budget;
pub use finding::{Finding, FindingCode};
pub use headers::{Headers, InvalidHeaders, MAX_HEADER_BYTES, MAX_HEADERS};
pub use signature::Scheme;

use self::signature::Signatures;
use self::timestamp::SentAt;
use domain::clock::Timestamp;
use domain::id::EndpointId;
use domain::signing::SigningSecret;

/// A request whose signatures are in question.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The endpoint that it came to.
    pub endpoint: &'a EndpointId,
    /// The endpoint's secret.
    pub secret: &'a SigningSecret,
    /// Its secret before the last rotation.
    pub previous: Option<&'a PreviousSecret>,
    /// The headers that the receiver got, or that its own code computed.
    pub headers: &'a Headers,
    /// The body as the receiver's code saw it.
    pub body: &'a str,
    /// The body that we sent for [`Headers::event`], if it is still stored.
    pub sent: Option<&'a str>,
    /// The present time, for the age of `webhook-timestamp`.
    pub now: Timestamp,
}

/// The secret before a rotation.
#[derive(Debug, Clone)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: SigningSecret,
    /// When it stops signing beside the new one, or stopped.
    pub until: Timestamp,
    /// Whether it, and not the new one, makes `X-RKT-Signature` until then.
    pub signs_legacy: bool,
}

/// What the doctor found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Whether a receiver that checks every signature given here would accept the request now.
    pub valid: bool,
    /// The verdict on each of the two signatures.
    pub signatures: [(Scheme, Verdict); 2],
    /// Why the request is not valid, or what is good to know; the most telling first. They name headers with the prefix of the case.
    pub findings: Vec<Finding>,
}

/// What a receiver makes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A receiver would accept it.
    Valid,
    /// A receiver would refuse it.
    Invalid,
    /// The headers have no such signature.
    Absent,
}

impl Verdict {
    /// Turns valid into invalid if something else is wrong.
    const fn unless(self, wrong: bool) -> Self {
        match self {
            Self::Valid if wrong => Self::Invalid,
            verdict => verdict,
        }
    }
}

/// Examines a request. What can't be found out within the budget isn't said, and that it isn't is a finding.
#[must_use]
pub fn examine(case: &Case<'_>, budget: Budget<'_>) -> Diagnosis {
    let (search, saying) = budget.start();
    let mut findings = Vec::new();
    let Signatures {
        found: signatures,
        are_all,
    } = signature::collect_all(case.headers, &mut findings);
    let sent_at = SentAt::of(case.headers);
    let found = making::find(case, sent_at, &signatures, &search);
    let traced: Vec<_> = signatures.iter().zip(&found.makings).collect();

    let explanations = Scheme::ALL.map(|scheme| explain::signature(case, scheme, &traced, &saying));
    for explanation in &explanations {
        findings.extend_from_slice(explanation.findings());
    }
    findings.extend(explain::body(case, &traced, &saying));
    let tried_all = are_all && found.tried_all;
    findings.extend(explain::unexplained(case, &explanations, &findings, tried_all));
    let covers_message = signatures
        .iter()
        .any(|signature| signature.scheme == Scheme::Standard);
    let message = if covers_message {
        explain::message(case, sent_at)
    } else {
        Vec::new()
    };
    let verdicts = [
        explanations[0].verdict(),
        explanations[1].verdict().unless(!message.is_empty()),
    ];
    findings.extend(message);

    let mut once = Vec::with_capacity(findings.len());
    for mut finding in findings {
        finding.advice = case.headers.prefix().put_into(finding.advice);
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
