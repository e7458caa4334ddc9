//! A diagnosis as the answer shows it.

use doctor::{Diagnosis, Finding, Scheme, Verdict};
use domain::header_names::HeaderPrefix;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::super::schema::FindingName;

/// The result of examining the signatures of a request.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Diagnosis")]
pub(crate) struct DiagnosisView {
    /// Whether a server that checks every signature among the headers would accept the request now.
    valid: bool,
    /// The verdict on each of the two signatures.
    signatures: Vec<SignatureView>,
    /// Why the request is not valid, and what else is worth knowing; the most telling finding comes first.
    findings: Vec<FindingView>,
}

/// The verdict on one signature.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "SignatureVerdict")]
pub(crate) struct SignatureView {
    /// The header that contains the signature: `X-RKT-Signature` or `webhook-signature`.
    header: String,
    /// Whether a server would accept it.
    verdict: VerdictName,
}

/// Whether a server would accept a signature.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "Verdict", rename_all = "snake_case")]
pub(crate) enum VerdictName {
    /// A server would accept it.
    Valid,
    /// A server would refuse it.
    Invalid,
    /// The header is not there.
    Absent,
}

/// Something that the examination found.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Finding")]
pub(crate) struct FindingView {
    /// What was found, as a stable code: branch on this.
    code: FindingName,
    /// What to do about it.
    advice: String,
}

impl DiagnosisView {
    /// Shows a diagnosis of headers that begin with `prefix`.
    pub(super) fn new(diagnosis: Diagnosis, prefix: &HeaderPrefix) -> Self {
        let signature = |(scheme, verdict)| SignatureView::new(scheme, verdict, prefix);
        Self {
            valid: diagnosis.valid,
            signatures: diagnosis.signatures.into_iter().map(signature).collect(),
            findings: diagnosis.findings.into_iter().map(Into::into).collect(),
        }
    }
}

impl SignatureView {
    fn new(scheme: Scheme, verdict: Verdict, prefix: &HeaderPrefix) -> Self {
        Self {
            header: prefix.put_into(scheme.header()).into_owned(),
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
