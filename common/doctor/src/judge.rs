//! What is different from how it should be, once it is known how each signature was made.

use super::bodies::NO_TEXT;
use super::compare::differences;
use super::finding::{Finding, FindingCode};
use super::search::{Covers, Making};
use super::signature::{Label, Notation, Scheme, Signature};
use super::timestamp::SentAt;
use super::{Case, Verdict};
use domain::signing::KeyForm;

/// A signature, and how it was made if that was found out.
pub(crate) type Tried<'a> = (&'a Signature<'a>, &'a Option<Making>);

/// What came of one of the two signatures.
#[derive(Debug)]
pub(crate) enum Judged {
    /// It is not among the headers.
    Absent,
    /// Its header has no signature in it, which was told before.
    Malformed,
    /// It is known how it was made; nothing was found if that is right.
    Explained(Vec<Finding>),
    /// Nothing that is usually done wrong explains it.
    Unexplained(Scheme),
    /// It is known how it was made, but it stands in a header of others.
    Misplaced(Vec<Finding>),
}

impl Judged {
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

/// Judges one of the two signatures: of several in its header, the one with the fewest mistakes.
pub(crate) fn judge(case: &Case<'_>, scheme: Scheme, tried: &[Tried<'_>]) -> Judged {
    let here = || tried.iter().filter(|(signature, _)| signature.scheme == scheme);
    let best = here()
        .filter_map(|(signature, making)| Some(mistakes(case, signature, making.as_ref()?)))
        .min_by_key(Vec::len);
    let is_ours = here().any(|(signature, _)| !signature.is_foreign);
    match best {
        Some(findings) if is_ours => Judged::Explained(findings),
        Some(findings) => Judged::Misplaced(findings),
        None if is_ours => Judged::Unexplained(scheme),
        None if scheme.find(case.headers).is_some() => Judged::Malformed,
        None => Judged::Absent,
    }
}

/// All that is wrong with a signature that was made in a known way.
fn mistakes(case: &Case<'_>, signature: &Signature<'_>, making: &Making) -> Vec<Finding> {
    let mut findings = Vec::new();
    let intended = intended(signature, making);
    if signature.is_foreign || intended != signature.scheme {
        findings.push(Finding::about(FindingCode::WrongHeader, signature.header));
    }
    findings.extend(wrong_key(intended, making.key).map(Finding::of));
    findings.extend(wrong_secret(case, intended, making.with_previous));
    findings.extend(wrong_message(case, intended, making.covers));
    findings.extend(wrong_form(intended, signature).into_iter().map(Finding::of));
    findings.extend(differences(case.body, &making.body).into_iter().map(Finding::of));
    findings
}

/// The scheme that was followed: the other than the header's if key, message and form are all the other's.
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

/// While a grace lasts, `webhook-signature` carries both secrets' signatures, `X-RKT-Signature` that of one of them.
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
pub(crate) fn body(case: &Case<'_>, tried: &[Tried<'_>]) -> Vec<Finding> {
    let is_signed = tried
        .iter()
        .any(|(_, making)| making.as_ref().is_some_and(|making| making.body == case.body));
    let is_explained = tried.iter().all(|(_, making)| making.is_some());
    let codes: Vec<_> = match case.sent {
        _ if case.body.trim().is_empty() => vec![FindingCode::BodyEmpty],
        Some(sent) => differences(case.body, sent).into_iter().collect(),
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
            // Signed, so not changed: it is the body of another event.
            Some(event) if code == FindingCode::BodyChanged && is_signed => {
                Finding::about(FindingCode::AnotherEvent, event)
            }
            _ => code.into(),
        })
        .collect()
}

/// What can be said of signatures that nothing explains, unless it was said already.
pub(crate) fn unexplained(case: &Case<'_>, judged: &[Judged; 2], known: &[Finding]) -> Vec<Finding> {
    let body_is_right = judged[0].verdict() == Verdict::Valid;
    let another = case.headers.delivery().map(|delivery| delivery.endpoint());
    judged
        .iter()
        .filter_map(|judged| match judged {
            Judged::Unexplained(scheme) => Some(*scheme),
            _ => None,
        })
        .filter_map(|scheme| match &another {
            Some(endpoint) if endpoint != case.endpoint => {
                Some(Finding::about(FindingCode::AnotherEndpoint, endpoint))
            }
            _ if scheme == Scheme::Standard && !has_message(case) => None,
            _ if scheme == Scheme::Standard && body_is_right => {
                Some(FindingCode::IdOrTimestampChanged.into())
            }
            _ if case.sent.is_none() && !known.is_empty() => None,
            _ => Some(Finding::about(FindingCode::SignatureMismatch, scheme.header())),
        })
        .collect()
}

fn has_message(case: &Case<'_>) -> bool {
    case.headers.id().is_some() && case.headers.timestamp().is_some()
}

/// What is wrong with the id and the timestamp, where a signature covers them.
pub(crate) fn message(case: &Case<'_>, sent_at: SentAt) -> Vec<Finding> {
    let id = case.headers.id().is_none();
    let missing = id.then(|| Finding::about(FindingCode::MissingHeader, "webhook-id"));
    missing.into_iter().chain(sent_at.findings(case.now)).collect()
}
