//! What `params` of an error contain, by its code: what texts in other languages need beside it.

use super::Code;

/// The largest text that is allowed, and the smallest.
const LENGTH: &[(&str, &str)] = &[("min", "the fewest characters"), ("max", "the most characters")];

impl Code {
    /// The names of its parameters, each with its meaning. An error has those that apply to it.
    #[must_use]
    pub const fn params(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::BodyTooLarge => &[("max", "the most bytes")],
            Self::PayloadTooLarge => &[
                ("length", "how many bytes the payload would have"),
                ("max", "the most bytes"),
            ],
            Self::InvalidUtf8 => &[("offset", "how many bytes are UTF-8")],
            Self::InvalidJson => &[
                ("line", "where the syntax is wrong, from 1 on"),
                ("column", "the same within the line"),
            ],
            Self::UnknownField => &[("known", "the fields that there are")],
            Self::InvalidType => &[("expected", "what it must be, in English")],
            Self::InvalidValue | Self::InvalidFilter => &[
                ("allowed", "the values that are allowed"),
                ("min", "the smallest number"),
                ("max", "the largest number"),
                ("expected", "what it must be, in English"),
            ],
            Self::EmptyEvents => &[("min", "the fewest entries")],
            Self::TooManyEvents => &[
                ("count", "how many entries there are"),
                ("max", "the most entries"),
            ],
            Self::DuplicateEvent => &[("event", "the entry")],
            Self::UnknownEvent => &[("allowed", "the names that are allowed")],
            Self::InvalidChatbotId | Self::InvalidDescription | Self::InvalidIdempotencyKey => LENGTH,
            Self::UnknownParameter => &[
                ("known", "the parameters that there are"),
                ("meant", "the one that it looks like"),
            ],
            Self::RotationInProgress => &[("until", "until when the secret before is good")],
            Self::ReplayInProgress => &[("replayId", "the replay that is running")],
            Self::InvalidSpan => &[("maxDays", "the longest span, in days")],
            Self::InvalidHeaders => &[
                ("max", "the most headers"),
                ("maxBytes", "the most bytes of one, its name included"),
            ],
            Self::TooManyHeaders => &[
                ("max", "the most headers"),
                ("maxBytes", "the most bytes of their names and values"),
            ],
            Self::FiltersTooLong => &[(
                "maxBytes",
                "the most bytes of an account's filters and lists of chatbots",
            )],
            Self::DataTooDeep => &[("max", "the most levels")],
            Self::UrlTooLong => &[("max", "the most bytes")],
            Self::UrlSchemeNotAllowed => &[("allowed", "how URLs may begin")],
            Self::UrlPortNotAllowed => &[("min", "the smallest port beside the usual one")],
            Self::TooManyStreams => &[
                ("max", "the most streams"),
                ("retryAfter", "how many seconds to wait"),
            ],
            Self::TooManyEndpoints => &[("max", "the most endpoints of an account")],
            Self::TooManyApiKeys => &[("max", "the most keys of an account")],
            Self::InsufficientScope => &[(
                "required",
                "the scope that the call needs; absent if no key may make it",
            )],
            Self::RateLimited | Self::TooManyTests => &[
                ("max", "the most in a minute"),
                ("retryAfter", "how many seconds to wait"),
            ],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests;
