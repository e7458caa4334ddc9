//! How a signature was made: with which secret, which key made from it, over which message.

use super::Case;
use super::bodies;
use super::headers::Headers;
use super::signature::{Scheme, Signature};
use super::timestamp::SentAt;
use domain::signing::{KeyForm, SigningSecret};

/// One way to make a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Making {
    /// Whether it used the secret before the last rotation.
    pub(crate) with_previous: bool,
    pub(crate) key: KeyForm,
    pub(crate) covers: Covers,
    /// The body that it covers.
    pub(crate) body: String,
}

/// What a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covers {
    /// The body alone, as `X-RKT-Signature` does.
    Body,
    /// Id, timestamp and body, as `webhook-signature` does.
    Message,
    /// Like `Message`, with the timestamp in seconds where the header has milliseconds.
    MessageInSeconds,
    /// Like `Message`, with the event of `X-RKT-Delivery` as its id.
    MessageOfDelivery,
    /// Timestamp and body.
    TimestampAndBody,
}

impl Scheme {
    /// What a signature of this scheme covers.
    pub(crate) const fn covers(self) -> Covers {
        match self {
            Self::Legacy => Covers::Body,
            Self::Standard => Covers::Message,
        }
    }
}

/// Finds out how each signature was made; `None` where no usual mistake explains it.
///
/// It tries every key for the given body, and the usual keys for the other candidates: some hundred MACs in all.
pub(crate) fn find(case: &Case<'_>, sent_at: SentAt, signatures: &[Signature<'_>]) -> Vec<Option<Making>> {
    let mut found: Vec<Option<Making>> = signatures.iter().map(|_| None).collect();
    let prefixes = prefixes(case.headers, sent_at);
    let secrets = secrets(case);
    for (index, body) in bodies::candidates(case.body, case.sent).into_iter().enumerate() {
        let keys: &[KeyForm] = if index == 0 {
            &KeyForm::ALL
        } else {
            &[KeyForm::WholeText, KeyForm::Decoded]
        };
        for (secret, with_previous) in &secrets {
            for key in keys {
                for (covers, prefix) in &prefixes {
                    let mac = secret.mac(*key, &[prefix.as_bytes(), body.as_bytes()]);
                    for (signature, found) in signatures.iter().zip(&mut found) {
                        if found.is_none() && mac.is(&signature.mac) {
                            *found = Some(Making {
                                with_previous: *with_previous,
                                key: *key,
                                covers: *covers,
                                body: body.clone(),
                            });
                        }
                    }
                }
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    found
}

fn secrets<'a>(case: &Case<'a>) -> Vec<(&'a SigningSecret, bool)> {
    let previous = case.previous.map(|previous| (&previous.secret, true));
    std::iter::once((case.secret, false)).chain(previous).collect()
}

/// What may stand before the body.
fn prefixes(headers: &Headers, sent_at: SentAt) -> Vec<(Covers, String)> {
    let mut prefixes = vec![(Covers::Body, String::new())];
    let Some(timestamp) = headers.timestamp() else {
        return prefixes;
    };
    if let Some(id) = headers.id() {
        prefixes.push((Covers::Message, format!("{id}.{timestamp}.")));
        if let SentAt::Milliseconds(seconds) = sent_at {
            prefixes.push((Covers::MessageInSeconds, format!("{id}.{seconds}.")));
        }
    }
    if let Some(event) = headers.delivery().map(|delivery| delivery.event())
        && headers.id() != Some(event.as_str())
    {
        prefixes.push((Covers::MessageOfDelivery, format!("{event}.{timestamp}.")));
    }
    prefixes.push((Covers::TimestampAndBody, format!("{timestamp}.")));
    prefixes
}
