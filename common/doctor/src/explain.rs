//! What is wrong with a request, given how each of its signatures was made.

use super::bodies::NO_TEXT;
use super::budget::Meter;
use super::difference;
use super::finding::{Finding, FindingCode};
use super::making::{Covers, Making};
use super::signature::{Label, Notation, Scheme, Signature};
use super::timestamp::SentAt;
use super::{Case, Verdict};
use domain::signing::KeyForm;

/// A signature, and how it was made if the search found that out.
pub(crate) type Traced<'a> = (&'a Signature<'a>, &'a Option<Making>);

/// What explains one of the two signatures.
#[derive(Debug)]
pub(crate) enum Explanation {
    /// The headers have no such signature.
    Absent,
    /// Its header holds no signature; `signature` has found that already.
    Malformed,
    /// We know how it was made. No findings: as it should be.
    Explained(Vec<Finding>),
    /// No usual mistake explains it.
    Unexplained(Scheme),
    /// We know how it was made, but it stands in a header that others use.
    Misplaced(Vec<Finding>),
}

impl Explanation {
    pub(crate) fn findings(&self) -> &[Finding] {
        match self {
            Self::Explained(findings) | Self::Misplaced(findings) => findings,
            Self::Absent | Self::Malformed | Self::Unexplained(_) => &[],
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Absent | Self::Misplaced(_) => Verdict::Absent,
            Self::Explained(findings) if findings.iter().all(|finding| finding.code.is_note()) => {
                Verdict::Valid
            }
            Self::Explained(_) | Self::Malformed | Self::Unexplained(_) => Verdict::Invalid,
        }
    }
}

/// Explains one of the two signatures; if its header has several, the one with the fewest mistakes.
pub(crate) fn signature(
    case: &Case<'_>,
    scheme: Scheme,
    traced: &[Traced<'_>],
    meter: &Meter<'_>,
) -> Explanation {
    let here = || traced.iter().filter(|(signature, _)| signature.scheme == scheme);
    let best = here()
        .filter_map(|(signature, making)| Some(mistakes(case, signature, making.as_ref()?, meter)))
        .min_by_key(Vec::len);
    let is_ours = here().any(|(signature, _)| !signature.is_foreign);
    match best {
        Some(findings) if is_ours => Explanation::Explained(findings),
        Some(findings) => Explanation::Misplaced(findings),
        None if is_ours => Explanation::Unexplained(scheme),
        None if scheme.find(case.headers).is_some() => Explanation::Malformed,
        None => Explanation::Absent,
    }
}

/// Everything that is wrong with a signature, given how it was made.
fn mistakes(case: &Case<'_>, signature: &Signature<'_>, making: &Making, meter: &Meter<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let intended = intended(signature, making);
    if signature.is_foreign || intended != signature.scheme {
        findings.push(Finding::about(FindingCode::WrongHeader, signature.header));
    }
    findings.extend(wrong_key(intended, making.key).map(Finding::of));
    findings.extend(wrong_secret(case, intended, making.with_previous));
    findings.extend(wrong_message(case, intended, making.covers));
    findings.extend(wrong_form(intended, signature).into_iter().map(Finding::of));
    findings.extend(
        difference::between(case.body, &making.body, meter)
            .into_iter()
            .map(Finding::of),
    );
    findings
}

/// The scheme that the signer followed: that of the header, unless key, message and form are all those of the other.
fn intended(signature: &Signature<'_>, making: &Making) -> Scheme {
    let follows = |scheme: &Scheme| scheme.key() == making.key && scheme.covers() == making.covers;
    let looks_like = |scheme: &Scheme| {
        scheme.label() == signature.label && (*scheme == Scheme::Legacy) == signature.notation.is_hex()
    };
    Scheme::ALL
        .into_iter()
        .find(|scheme| follows(scheme) && (signature.is_foreign || looks_like(scheme)))
        .unwrap_or(signature.scheme)
}

fn wrong_key(scheme: Scheme, key: KeyForm) -> Option<FindingCode> {
    match (scheme, key) {
        (Scheme::Legacy, KeyForm::WholeText) | (Scheme::Standard, KeyForm::Decoded) => None,
        (Scheme::Legacy, KeyForm::Decoded) => Some(FindingCode::SecretDecoded),
        (Scheme::Legacy, KeyForm::Encoded) => Some(FindingCode::SecretWithoutPrefix),
        (Scheme::Standard, KeyForm::WholeText | KeyForm::Encoded) => Some(FindingCode::SecretNotDecoded),
        (_, KeyForm::WithLineFeed) => Some(FindingCode::SecretWithLineFeed),
    }
}

/// During a rotation's grace `webhook-signature` carries a signature of each secret, `X-RKT-Signature` that of one of them.
fn wrong_secret(case: &Case<'_>, scheme: Scheme, with_previous: bool) -> Option<Finding> {
    let grace = case.previous.filter(|previous| case.now <= previous.until);
    match (grace, scheme, with_previous) {
        (None, _, false) => None,
        (None, _, true) => Some(FindingCode::PreviousSecret.into()),
        (Some(grace), Scheme::Legacy, false) => grace
            .signs_legacy
            .then(|| Finding::about(FindingCode::NewSecretTooEarly, grace.until)),
        (Some(grace), Scheme::Legacy, true) if !grace.signs_legacy => {
            Some(FindingCode::PreviousSecret.into())
        }
        (Some(_), Scheme::Standard, false) => None,
        (Some(grace), _, true) => Some(Finding::about(FindingCode::PreviousSecretInGrace, grace.until)),
    }
}

fn wrong_message(case: &Case<'_>, scheme: Scheme, covers: Covers) -> Option<Finding> {
    match (scheme, covers) {
        (Scheme::Legacy, Covers::Body) | (Scheme::Standard, Covers::Message) => None,
        (Scheme::Legacy, _) => Some(FindingCode::IdAndTimestampSigned.into()),
        (Scheme::Standard, Covers::Body | Covers::TimestampAndBody) => {
            Some(FindingCode::IdAndTimestampNotSigned.into())
        }
        (Scheme::Standard, Covers::MessageInSeconds) => Some(FindingCode::MillisecondTimestamp.into()),
        (Scheme::Standard, Covers::MessageOfDelivery) => {
            let delivery = case.headers.delivery()?;
            Some(Finding::about(FindingCode::IdChanged, delivery.event()))
        }
    }
}

fn wrong_form(scheme: Scheme, signature: &Signature<'_>) -> Vec<FindingCode> {
    let notation = match (scheme, signature.notation) {
        (Scheme::Legacy, Notation::Hex) | (Scheme::Standard, Notation::Base64) => None,
        (_, Notation::Base64OfHex) => Some(FindingCode::Base64OfHex),
        (Scheme::Legacy, Notation::UpperCaseHex) => Some(FindingCode::UpperCaseHex),
        (Scheme::Legacy, Notation::Base64 | Notation::Base64Variant) => Some(FindingCode::Base64InsteadOfHex),
        (Scheme::Standard, Notation::Hex | Notation::UpperCaseHex) => Some(FindingCode::HexInsteadOfBase64),
        (Scheme::Standard, Notation::Base64Variant) => Some(FindingCode::Base64Variant),
    };
    let label = match (scheme, signature.label) {
        (_, label) if label == scheme.label() => None,
        (Scheme::Standard, Label::None) => Some(FindingCode::MissingVersion),
        _ => Some(FindingCode::UnexpectedLabel),
    };
    notation.into_iter().chain(label).collect()
}

/// What is wrong with the body, whatever the signatures say.
pub(crate) fn body(case: &Case<'_>, traced: &[Traced<'_>], meter: &Meter<'_>) -> Vec<Finding> {
    let is_signed = traced
        .iter()
        .any(|(_, making)| making.as_ref().is_some_and(|making| making.body == case.body));
    let is_explained = traced.iter().all(|(_, making)| making.is_some());
    let codes: Vec<_> = match case.sent {
        _ if case.body.trim().is_empty() => vec![FindingCode::BodyEmpty],
        Some(sent) => difference::between(case.body, sent, meter).into_iter().collect(),
        None if is_explained => Vec::new(),
        None if case.body == NO_TEXT => vec![FindingCode::BodyNotText],
        None => match serde_json::from_str::<serde::de::IgnoredAny>(case.body) {
            Err(error) if error.is_eof() => vec![FindingCode::BodyTruncated],
            Err(_) => vec![FindingCode::BodyNotJson],
            Ok(_) => Vec::new(),
        },
    };
    codes
        .into_iter()
        .map(|code| match case.headers.event() {
            // A signature covers it, so nobody changed it: it is the body of another event.
            Some(event) if code == FindingCode::BodyChanged && is_signed => {
                Finding::about(FindingCode::AnotherEvent, event)
            }
            _ => code.into(),
        })
        .collect()
}

/// What there is to say about signatures that no mistake explains, unless a known finding says it. Whether no mistake does is known
/// only if all were tried.
pub(crate) fn unexplained(
    case: &Case<'_>,
    explanations: &[Explanation; 2],
    known: &[Finding],
    tried_all: bool,
) -> Vec<Finding> {
    let body_is_right = explanations[0].verdict() == Verdict::Valid;
    let another = case.headers.delivery().map(|delivery| delivery.endpoint());
    explanations
        .iter()
        .filter_map(|explanation| match explanation {
            Explanation::Unexplained(scheme) => Some(*scheme),
            _ => None,
        })
        .filter_map(|scheme| match &another {
            Some(endpoint) if endpoint != case.endpoint => {
                Some(Finding::about(FindingCode::AnotherEndpoint, endpoint))
            }
            _ if scheme == Scheme::Standard && !has_message(case) => None,
            _ if scheme == Scheme::Standard && body_is_right && tried_all => {
                Some(FindingCode::IdOrTimestampChanged.into())
            }
            _ if case.sent.is_none() && !known.is_empty() => None,
            _ if !tried_all => Some(FindingCode::StoppedLooking.into()),
            _ => Some(Finding::about(FindingCode::SignatureMismatch, scheme.header())),
        })
        .collect()
}

fn has_message(case: &Case<'_>) -> bool {
    case.headers.id().is_some() && case.headers.timestamp().is_some()
}

/// What is wrong with the id and the timestamp, for a signature that covers them.
pub(crate) fn message(case: &Case<'_>, sent_at: SentAt) -> Vec<Finding> {
    let has_no_id = case.headers.id().is_none();
    let missing = has_no_id.then(|| Finding::about(FindingCode::MissingHeader, "webhook-id"));
    missing.into_iter().chain(sent_at.findings(case.now)).collect()
}
