//! The signatures among the headers: where each stands, how it is written, and its MAC.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, STANDARD_NO_PAD as UNPADDED};

use super::finding::{Finding, FindingCode};
use super::headers::Headers;
use domain::signing::KeyForm;

/// The two ways in which every delivery is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `X-RKT-Signature`: hex, of the body.
    Legacy,
    /// `webhook-signature`: `v1,` and base64, of `id.timestamp.body`.
    Standard,
}

impl Scheme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Legacy, Self::Standard];

    /// The header that carries it, with the default prefix.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Legacy => "X-RKT-Signature",
            Self::Standard => "webhook-signature",
        }
    }

    /// The key that it is made with.
    pub(crate) const fn key(self) -> KeyForm {
        match self {
            Self::Legacy => KeyForm::WholeText,
            Self::Standard => KeyForm::Decoded,
        }
    }

    /// The label that belongs in front of it.
    pub(crate) const fn label(self) -> Label {
        match self {
            Self::Legacy => Label::None,
            Self::Standard => Label::Version,
        }
    }

    /// Its header's name as it was written, and the value.
    pub(crate) fn find(self, headers: &Headers) -> Option<(&str, &str)> {
        match self {
            Self::Legacy => headers.find_ours("signature"),
            Self::Standard => headers.find("webhook-signature"),
        }
    }
}

/// Headers that other systems put their signatures in, and the scheme of ours that is most like theirs.
const FOREIGN: [(&str, Scheme); 9] = [
    ("svix-signature", Scheme::Standard),
    ("x-hub-signature-256", Scheme::Legacy),
    ("x-hub-signature", Scheme::Legacy),
    ("stripe-signature", Scheme::Legacy),
    ("x-shopify-hmac-sha256", Scheme::Legacy),
    ("x-slack-signature", Scheme::Legacy),
    ("x-webhook-signature", Scheme::Legacy),
    ("x-signature", Scheme::Legacy),
    ("signature", Scheme::Legacy),
];

/// A signature among the headers.
#[derive(Debug)]
pub(crate) struct Signature<'a> {
    /// The header's name, as it was written.
    pub(crate) header: &'a str,
    /// The scheme that belongs in this header.
    pub(crate) scheme: Scheme,
    /// Whether the header is not one that we send.
    pub(crate) is_foreign: bool,
    pub(crate) notation: Notation,
    pub(crate) label: Label,
    pub(crate) mac: [u8; MAC_LEN],
}

/// How a MAC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    Hex,
    UpperCaseHex,
    Base64,
    /// In the alphabet for URLs, or without padding.
    Base64Variant,
    /// The base64 of hex digits.
    Base64OfHex,
}

impl Notation {
    pub(crate) const fn is_hex(self) -> bool {
        matches!(self, Self::Hex | Self::UpperCaseHex)
    }
}

/// What stands in front of a MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    None,
    /// `v1,`
    Version,
    /// One that we don't use, such as `sha256=`.
    Foreign,
}

/// How many signatures of a header are looked at: a rotation makes two.
const MAX_SIGNATURES: usize = 8;

const MAC_LEN: usize = 32;
const SHA1_LEN: usize = 20;
const SHA512_LEN: usize = 64;

/// The signatures that are examined.
#[derive(Debug)]
pub(crate) struct Signatures<'a> {
    pub(crate) found: Vec<Signature<'a>>,
    /// Whether no header has more.
    pub(crate) are_all: bool,
}

/// The signatures among the headers, the first few of each. Headers of others count only if there are none of ours.
pub(crate) fn collect_all<'a>(headers: &'a Headers, findings: &mut Vec<Finding>) -> Signatures<'a> {
    let mut signatures = Signatures {
        found: Vec::new(),
        are_all: true,
    };
    let mut has_ours = false;
    for scheme in Scheme::ALL {
        if let Some((header, value)) = scheme.find(headers) {
            has_ours = true;
            collect(header, value, scheme, false, &mut signatures, findings);
        }
    }
    if has_ours {
        return signatures;
    }
    for (name, scheme) in FOREIGN {
        if let Some((header, value)) = headers.find(name) {
            findings.push(Finding::about(FindingCode::ForeignHeader, header));
            // As long as the header is wrong, what is wrong with its value doesn't matter.
            collect(header, value, scheme, true, &mut signatures, &mut Vec::new());
        }
    }
    if findings.is_empty() {
        findings.push(FindingCode::NoSignatureHeader.into());
    }
    signatures
}

fn collect<'a>(
    header: &'a str,
    value: &str,
    scheme: Scheme,
    is_foreign: bool,
    signatures: &mut Signatures<'a>,
    findings: &mut Vec<Finding>,
) {
    let found = &mut signatures.found;
    let before = found.len();
    let mut problem = FindingCode::MalformedSignature;
    for text in value.split_ascii_whitespace() {
        if found.len() == before + MAX_SIGNATURES {
            signatures.are_all = false;
            break;
        }
        let (label, text) = split_label(text);
        let Some((notation, bytes)) = decode(text) else {
            continue;
        };
        if matches!(bytes.len(), SHA1_LEN | SHA512_LEN) {
            problem = FindingCode::WrongHash;
        } else if let Ok(mac) = bytes.try_into() {
            found.push(Signature {
                header,
                scheme,
                is_foreign,
                notation,
                label,
                mac,
            });
        }
    }
    if found.len() == before {
        findings.push(Finding::about(problem, scheme.header()));
    }
}

fn split_label(text: &str) -> (Label, &str) {
    if let Some(rest) = text.strip_prefix("v1,") {
        return (Label::Version, rest);
    }
    ["sha256=", "sha1=", "sha512=", "v1=", "v0="]
        .iter()
        .find_map(|label| text.strip_prefix(label))
        .map_or((Label::None, text), |rest| (Label::Foreign, rest))
}

/// Reads hex if the text can be that, else base64 in any of its variants.
fn decode(text: &str) -> Option<(Notation, Vec<u8>)> {
    if let Ok(bytes) = hex::decode(text)
        && matches!(bytes.len(), MAC_LEN | SHA1_LEN | SHA512_LEN)
    {
        let has_upper_case = text.bytes().any(|byte| byte.is_ascii_uppercase());
        let notation = if has_upper_case {
            Notation::UpperCaseHex
        } else {
            Notation::Hex
        };
        return Some((notation, bytes));
    }
    let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = UNPADDED.decode(plain).ok()?;
    if bytes.len() == 2 * MAC_LEN
        && let Ok(bytes) = hex::decode(&bytes)
    {
        return Some((Notation::Base64OfHex, bytes));
    }
    let notation = if BASE64.encode(&bytes) == text {
        Notation::Base64
    } else {
        Notation::Base64Variant
    };
    Some((notation, bytes))
}
