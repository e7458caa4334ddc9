//! How a signature was made: with which secret, which key made from it, over which message.

use super::Case;
use super::bodies::{self, Tried};
use super::budget::Meter;
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

/// How the signatures were made, as far as that was found out.
#[derive(Debug)]
pub(crate) struct Found {
    /// Of each signature; `None` where no usual mistake that was tried explains it.
    pub(crate) makings: Vec<Option<Making>>,
    /// Whether every usual mistake was tried, as far as that was necessary.
    pub(crate) tried_all: bool,
}

/// Finds out how each signature was made.
///
/// That the given body is signed as it should be is always tried. Then come the right makings of all bodies, and then the others,
/// until every signature is explained or the time is up: every key for the given body, and the usual keys for the other
/// candidates. These are some hundred MACs in all.
pub(crate) fn find(
    case: &Case<'_>,
    sent_at: SentAt,
    signatures: &[Signature<'_>],
    meter: &Meter<'_>,
) -> Found {
    let mut search = Search {
        signatures,
        found: signatures.iter().map(|_| None).collect(),
        prefixes: prefixes(case.headers, sent_at),
        secrets: secrets(case),
        meter,
        tried_all: true,
    };
    let mut is_given = true;
    let made = bodies::candidates(case.body, case.sent, meter, |body| {
        let given = std::mem::take(&mut is_given);
        search.try_out(body, given, is_right);
        if given {
            search.try_out(body, false, |key, covers| {
                !is_right(key, covers) && matches!(covers, Covers::Body | Covers::Message)
            });
        }
        if search.is_done() {
            Tried::Enough
        } else {
            Tried::GoOn
        }
    });
    for (index, body) in made.bodies.iter().enumerate() {
        let is_left = |key, covers| {
            if index == 0 {
                !matches!(covers, Covers::Body | Covers::Message)
            } else {
                !is_right(key, covers) && matches!(key, KeyForm::WholeText | KeyForm::Decoded)
            }
        };
        search.try_out(body, false, is_left);
    }
    Found {
        tried_all: search.is_done() || (search.tried_all && made.are_all),
        makings: search.found,
    }
}

/// Whether one of our signatures is made like this.
fn is_right(key: KeyForm, covers: Covers) -> bool {
    Scheme::ALL
        .iter()
        .any(|scheme| scheme.key() == key && scheme.covers() == covers)
}

/// Tries makings out.
struct Search<'a> {
    signatures: &'a [Signature<'a>],
    found: Vec<Option<Making>>,
    prefixes: Vec<(Covers, String)>,
    secrets: Vec<(&'a SigningSecret, bool)>,
    meter: &'a Meter<'a>,
    tried_all: bool,
}

impl Search<'_> {
    fn is_done(&self) -> bool {
        self.found.iter().all(Option::is_some)
    }

    /// Tries those makings of a body that `is_meant` picks, as long as there is time or they `must` be tried.
    fn try_out(&mut self, body: &str, must: bool, is_meant: impl Fn(KeyForm, Covers) -> bool) {
        for (secret, with_previous) in &self.secrets {
            for key in KeyForm::ALL {
                for (covers, prefix) in &self.prefixes {
                    if !is_meant(key, *covers) {
                        continue;
                    }
                    if self.found.iter().all(Option::is_some) {
                        return;
                    }
                    if !must && self.meter.is_over() {
                        self.tried_all = false;
                        return;
                    }
                    let mac = secret.mac(key, &[prefix.as_bytes(), body.as_bytes()]);
                    for (signature, found) in self.signatures.iter().zip(&mut self.found) {
                        if found.is_none() && mac.is(&signature.mac) {
                            *found = Some(Making {
                                with_previous: *with_previous,
                                key,
                                covers: *covers,
                                body: body.to_owned(),
                            });
                        }
                    }
                }
            }
        }
    }
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
