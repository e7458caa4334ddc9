//! Everything that the doctor can find, each with a stable code and a sentence of advice.

use std::borrow::Cow;

macro_rules! findings {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $advice:literal;)+) => {
        /// What is wrong, or good to know. Clients branch on [`FindingCode::as_str`], so a code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FindingCode {
            $($(#[$doc])* $variant),+
        }

        impl FindingCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What to do about it. `{}` stands for what the finding is about, such as a header.
            const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice),+ }
            }
        }
    };
}

findings! {
    /// There is nothing to verify.
    NoSignatureHeader = "no_signature_header",
        "Neither `X-RKT-Signature` nor `webhook-signature` is among the headers: check that nothing in front of your \
         server removes them, and that these are the headers of a delivery.";
    /// A header with which others sign.
    ForeignHeader = "foreign_header",
        "`{}` is no header of ours: read `X-RKT-Signature`, or `webhook-signature` with a Standard Webhooks library.";
    /// The right value under a wrong name.
    WrongHeader = "wrong_header",
        "What was given as `{}` is the value of another header: `X-RKT-Signature` is hex and covers the body alone, \
         `webhook-signature` is `v1,` and base64 and covers the id and the timestamp, too.";
    /// A header that the signature covers is not there.
    MissingHeader = "missing_header",
        "The header `{}` is missing: `webhook-signature` covers it, so it can't be verified without.";
    /// No signature can look like this.
    MalformedSignature = "malformed_signature",
        "The value of `{}` is no signature: `X-RKT-Signature` is 64 hex digits, `webhook-signature` is `v1,` and the \
         base64 of 32 bytes. Check that it isn't cut off.";
    /// SHA-1 or SHA-512 instead of SHA-256.
    WrongHash = "wrong_hash",
        "The value of `{}` has the length of SHA-1 or SHA-512: use HMAC with SHA-256.";

    /// The decoded secret where its text is the key.
    SecretDecoded = "secret_decoded",
        "It was made with the decoded secret: the key of `X-RKT-Signature` is the whole text of the secret, `whsec_` \
         included.";
    /// The secret's text where its decoded part is the key.
    SecretNotDecoded = "secret_not_decoded",
        "It was made with the text of the secret: the key of `webhook-signature` is what follows `whsec_`, decoded from \
         base64.";
    /// The secret without `whsec_`.
    SecretWithoutPrefix = "secret_without_prefix",
        "It was made with the secret without `whsec_`: the key of `X-RKT-Signature` is the whole text, `whsec_` included.";
    /// A line feed at the secret's end.
    SecretWithLineFeed = "secret_with_line_feed",
        "It was made with the secret and a line feed at its end: remove white space when you read the secret from a file \
         or a variable.";
    /// The secret before the rotation, while it is still good.
    PreviousSecretInGrace = "previous_secret_in_grace",
        "It is made with the secret before the last rotation, which is good until {}: change to the new one by then.";
    /// The secret before the rotation, which does not sign this any more.
    PreviousSecret = "previous_secret",
        "It is made with the secret before the last rotation: change to the new one. While a rotation's grace lasts, \
         `webhook-signature` is made with both, `X-RKT-Signature` with the one that was chosen at the rotation.";
    /// The secret after the rotation, which does not sign this yet.
    NewSecretTooEarly = "new_secret_too_early",
        "It is made with the new secret: as was chosen at the rotation, `X-RKT-Signature` is made with the previous one \
         until {}.";
    /// The delivery was made to another endpoint.
    AnotherEndpoint = "another_endpoint",
        "The headers are of a delivery to {}: each endpoint has a secret of its own.";

    /// Base64 where hex is wanted.
    Base64InsteadOfHex = "base64_instead_of_hex",
        "It is written in base64: `X-RKT-Signature` is written in hex.";
    /// Hex where base64 is wanted.
    HexInsteadOfBase64 = "hex_instead_of_base64",
        "It is written in hex: `webhook-signature` is the base64 of the bytes.";
    /// The base64 of hex digits.
    Base64OfHex = "base64_of_hex",
        "It is the base64 of hex digits: encode the bytes of the HMAC once, not its hex text.";
    /// Base64 for URLs, or without padding.
    Base64Variant = "base64_variant",
        "It is written in base64 for URLs, or without padding: `webhook-signature` is written in standard base64 with \
         padding.";
    /// Upper-case hex digits.
    UpperCaseHex = "upper_case_hex",
        "It is written with upper-case hex digits: ours are lower-case. Compare the bytes, or make both lower-case.";
    /// No `v1,`.
    MissingVersion = "missing_version",
        "`v1,` is missing in front of it: the value of `webhook-signature` is a list of signatures, each with its version.";
    /// Something in front that isn't ours.
    UnexpectedLabel = "unexpected_label",
        "There is a label such as `sha256=` or `v1,` in front of it that doesn't belong there: compare the value without it.";

    /// The id and the timestamp where only the body is wanted.
    IdAndTimestampSigned = "id_and_timestamp_signed",
        "It covers the id or the timestamp: `X-RKT-Signature` covers the body alone.";
    /// The body alone where the id and the timestamp are wanted.
    IdAndTimestampNotSigned = "id_and_timestamp_not_signed",
        "It doesn't cover all: `webhook-signature` covers `webhook-id`, a dot, `webhook-timestamp`, a dot, and the body.";
    /// `webhook-id` was another one.
    IdChanged = "id_changed",
        "`webhook-id` was changed: it was {} when this was signed.";
    /// One of the two was another one.
    IdOrTimestampChanged = "id_or_timestamp_changed",
        "The body is right and `webhook-signature` isn't: `webhook-id` or `webhook-timestamp` was changed, or they are of \
         another attempt.";
    /// The event that the headers name has another body.
    AnotherEvent = "another_event",
        "The body isn't that of {}, which the headers name: headers and body are of different deliveries.";

    /// Older than the tolerance.
    StaleTimestamp = "stale_timestamp",
        "`webhook-timestamp` is {} ago, and libraries refuse more than 5 minutes: if this is an old request, that is why, \
         and nothing is wrong; if it just came, set your server's clock, and look for what held the request up.";
    /// Newer than the tolerance.
    FutureTimestamp = "future_timestamp",
        "`webhook-timestamp` is {} ahead, and libraries refuse more than 5 minutes: set your server's clock, and check that \
         the header isn't changed.";
    /// Milliseconds.
    MillisecondTimestamp = "millisecond_timestamp",
        "`webhook-timestamp` is in milliseconds: it is sent in seconds since 1970, and must be used as it came.";
    /// No number.
    MalformedTimestamp = "malformed_timestamp",
        "`webhook-timestamp` isn't a number of seconds since 1970: use it as it came.";

    /// Nothing there.
    BodyEmpty = "body_empty",
        "The body, or what was signed instead, is empty: read the raw body before anything else consumes it.";
    /// `[object Object]`.
    BodyNotText = "body_not_text",
        "`[object Object]` stands in place of the body: an object was turned into text. Use the raw bytes of the request.";
    /// The end is missing.
    BodyTruncated = "body_truncated",
        "The end of the body is missing: read it to its end (`Content-Length`), and check limits of proxies and frameworks.";
    /// A JSON string of the body.
    BodyQuoted = "body_quoted",
        "The body was encoded as a JSON string once more, with quotes around it: use the raw bytes of the request.";
    /// Not JSON.
    BodyNotJson = "body_not_json",
        "The body isn't JSON, which ours always is: use the raw bytes of the request, before any parsing.";
    /// Other content.
    BodyChanged = "body_changed",
        "The body doesn't say what we sent: something changed its content. Verify the raw bytes, before anything else.";
    /// White space after the end.
    TrailingWhitespace = "trailing_whitespace",
        "There is white space at the end, such as a line feed, that isn't part of the body, or is missing: use the raw bytes.";
    /// White space between tokens.
    WhitespaceChanged = "whitespace_changed",
        "The white space of the body was changed, as when JSON is printed prettily or line ends are converted: verify the \
         raw bytes, before they are parsed.";
    /// Members in another order.
    KeysReordered = "keys_reordered",
        "The body was parsed and written again with its keys in another order: verify the raw bytes, before they are parsed.";
    /// Numbers with another text.
    NumbersChanged = "numbers_changed",
        "The body was parsed and written again with its numbers changed (such as 1.10 to 1.1): verify the raw bytes, before \
         they are parsed.";
    /// Escapes with another text.
    EscapesChanged = "escapes_changed",
        "The body was parsed and written again with other escapes (such as `\\u00e9` for é, or `\\/`): verify the raw bytes, \
         before they are parsed.";
    /// Parsed and written again in some other way.
    BodyReserialised = "body_reserialised",
        "The body was parsed and written again: verify the raw bytes, before they are parsed.";
    /// A byte order mark.
    ByteOrderMark = "byte_order_mark",
        "There is a byte order mark (U+FEFF) in front of the body that we didn't send: read and write it as plain UTF-8.";
    /// Bytes read in another encoding.
    WrongEncoding = "wrong_encoding",
        "The body is UTF-8, and was read as another encoding such as Latin-1 (é becomes Ã©): verify the bytes, or decode \
         them as UTF-8.";

    /// There is more to try, or to say, than an examination does.
    StoppedLooking = "stopped_looking",
        "The examination stopped before every usual mistake was tried or every difference found: it may take 100 ms of \
         processor time, and looks at 8 signatures of a header. What is said is right. Send fewer signatures, or a shorter \
         request with the same mistake.";
    /// Nothing explains it.
    SignatureMismatch = "signature_mismatch",
        "`{}` doesn't belong to this body, and no usual mistake explains it: check that the secret is this endpoint's current \
         one, that the body is complete and raw, and that headers and body are of the same request.";
}

impl FindingCode {
    /// Whether a signature with this finding is valid all the same.
    #[must_use]
    pub const fn is_note(self) -> bool {
        matches!(self, Self::PreviousSecretInGrace)
    }
}

/// Something that the doctor found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub code: FindingCode,
    /// What to do about it. It contains no secret, and no signature but those that were given.
    pub advice: Cow<'static, str>,
}

impl Finding {
    /// A finding whose advice names nothing.
    pub(crate) const fn of(code: FindingCode) -> Self {
        Self {
            code,
            advice: Cow::Borrowed(code.advice()),
        }
    }

    /// A finding whose advice names what it is about.
    pub(crate) fn about(code: FindingCode, subject: impl std::fmt::Display) -> Self {
        Self {
            code,
            advice: code.advice().replace("{}", &subject.to_string()).into(),
        }
    }
}

impl From<FindingCode> for Finding {
    fn from(code: FindingCode) -> Self {
        Self::of(code)
    }
}
