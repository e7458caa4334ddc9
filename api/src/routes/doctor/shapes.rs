//! The JSON of the signature doctor.

use doctor::{Diagnosis, Finding, MAX_HEADER_BYTES, MAX_HEADERS, Scheme, Verdict};
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use super::super::schema::FindingName;
use super::headers::HeaderObject;
use crate::allowance::Allowance;
use crate::json::JsonRequest;

/// By how much a body may be longer than any that is sent: white space and escapes that somebody added.
const ADDED: usize = 64 * 1024;

/// A request as a server saw it.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifySignature {
    /// The headers, by name, whatever its case: at most 100, each of at most 8 KiB.
    pub(super) headers: HeaderObject,
    /// The body, as the text that the signature is checked against.
    pub(super) body: String,
}

/// How long `body` may be, in bytes.
pub(super) const fn max_body(allowance: &Allowance) -> usize {
    allowance.payload_bytes.saturating_add(ADDED)
}

impl JsonRequest for VerifySignature {
    /// As a JSON string a text can be several times as long: each é may come as `\u00e9`.
    fn max_bytes(allowance: &Allowance) -> usize {
        max_body(allowance)
            .saturating_mul(3)
            .saturating_add(2 * MAX_HEADERS * MAX_HEADER_BYTES)
    }
}

/// What is with the signatures of a request.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Diagnosis")]
pub(crate) struct DiagnosisView {
    /// Whether a server that checks all signatures that were given would accept the request now.
    valid: bool,
    /// What is with each of the two signatures.
    signatures: Vec<SignatureView>,
    /// Why it is not valid, or what is good to know; most telling first.
    findings: Vec<FindingView>,
}

/// What is with a signature.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "SignatureVerdict")]
pub(crate) struct SignatureView {
    /// The header that carries it: `X-RKT-Signature` or `webhook-signature`.
    header: String,
    /// What is with it.
    verdict: VerdictName,
}

/// Whether a signature is accepted.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "Verdict", rename_all = "snake_case")]
pub(crate) enum VerdictName {
    /// A server would accept it.
    Valid,
    /// A server would refuse it.
    Invalid,
    /// It is not among the headers.
    Absent,
}

/// Something that was found.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Finding")]
pub(crate) struct FindingView {
    /// What it is, as a word that never changes: branch on this.
    code: FindingName,
    /// What to do about it.
    advice: String,
}

impl From<Diagnosis> for DiagnosisView {
    fn from(diagnosis: Diagnosis) -> Self {
        Self {
            valid: diagnosis.valid,
            signatures: diagnosis.signatures.into_iter().map(Into::into).collect(),
            findings: diagnosis.findings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<(Scheme, Verdict)> for SignatureView {
    fn from((scheme, verdict): (Scheme, Verdict)) -> Self {
        Self {
            header: scheme.header().to_owned(),
            verdict: match verdict {
                Verdict::Valid => VerdictName::Valid,
                Verdict::Invalid => VerdictName::Invalid,
                Verdict::Absent => VerdictName::Absent,
            },
        }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            code: FindingName(finding.code.as_str().to_owned()),
            advice: finding.advice.into_owned(),
        }
    }
}
