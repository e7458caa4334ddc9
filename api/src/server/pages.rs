//! What is served as it is: the documentation, of up to two megabytes, and the files of the dashboard. None of it changes while the
//! program runs.
//!
//! Every answer shares the same bytes, so that a thousand clients which don't read them cost no memory. They are compressed once,
//! and have a tag, so that a browser asks only whether they have changed.

use std::borrow::Cow;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap,
    IF_NONE_MATCH, VARY,
};
use poem::http::{HeaderName, StatusCode};
use poem::{Body, Request, Response};
use sha2::{Digest, Sha256};

/// How long a page may be shown without asking for it again: after an update, an old one does no harm for so long.
const FOR_A_WHILE: &str = "public, max-age=300";

/// For what shows one release and belongs to its API: asked for each time, and sent only if it has changed.
const NOT_UNASKED: &str = "no-cache";

/// For files whose names change with their contents.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const HTML: &str = "text/html; charset=utf-8";

/// `/docs` may load nothing from elsewhere.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/errors` has nothing but its own style.
const ERRORS_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Something that is served as it is.
#[derive(Debug)]
pub(super) struct Page {
    content_type: &'static str,
    /// How long it may be kept.
    cache: &'static str,
    /// What the browser may load for it, if that isn't nothing.
    policy: Option<Cow<'static, str>>,
    plain: Form,
    /// `None` if that would be no shorter.
    gzip: Option<Form>,
}

/// The bytes of a page, and what they are called.
#[derive(Debug)]
struct Form {
    bytes: Bytes,
    tag: String,
}

impl Page {
    /// The OpenAPI document.
    pub(super) fn document(text: String) -> Self {
        Self::new("application/json", FOR_A_WHILE, None, text.into())
    }

    /// The page that shows it.
    pub(super) fn docs(html: String) -> Self {
        Self::new(HTML, FOR_A_WHILE, Some(DOCS_POLICY.into()), html.into())
    }

    /// The page of all errors.
    pub(super) fn errors(html: String) -> Self {
        Self::new(HTML, FOR_A_WHILE, Some(ERRORS_POLICY.into()), html.into())
    }

    /// A page of the dashboard, with the policy that its settings make.
    pub(super) fn dashboard(html: String, policy: String) -> Self {
        Self::new(HTML, NOT_UNASKED, Some(policy.into()), html.into())
    }

    /// A file that pages of the dashboard load, whose name changes with its contents.
    pub(super) fn asset(content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(content_type, FOR_EVER, None, Bytes::from_static(bytes))
    }

    fn new(
        content_type: &'static str,
        cache: &'static str,
        policy: Option<Cow<'static, str>>,
        bytes: Bytes,
    ) -> Self {
        let digest = hex::encode(&Sha256::digest(&bytes)[..16]);
        let shorter = compressed(&bytes).filter(|packed| packed.len() < bytes.len());
        let gzip = shorter.map(|packed| Form {
            bytes: packed.into(),
            tag: format!("\"{digest}-gzip\""),
        });
        Self {
            content_type,
            cache,
            policy,
            plain: Form {
                bytes,
                tag: format!("\"{digest}\""),
            },
            gzip,
        }
    }

    /// The answer to a request for the page.
    pub(super) fn answer(&self, request: &Request) -> Response {
        let headers = request.headers();
        let gzip = self.gzip.as_ref().filter(|_| takes_gzip(headers));
        let form = gzip.unwrap_or(&self.plain);
        let mut response = Response::builder()
            .header(ETAG, &form.tag)
            .header(CACHE_CONTROL, self.cache)
            .header(VARY, ACCEPT_ENCODING);
        // With 304 as well, whose headers replace those that the browser has kept.
        if let Some(policy) = &self.policy {
            response = response.header(CONTENT_SECURITY_POLICY, &**policy);
        }
        if is_known(headers, &form.tag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response = response.header(CONTENT_TYPE, self.content_type);
        if gzip.is_some() {
            response = response.header(CONTENT_ENCODING, "gzip");
        }
        response.body(Body::from_bytes(form.bytes.clone()))
    }
}

fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(4));
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// The items of a header that is a list, as often as it is there.
fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3): only what it names counts.
fn takes_gzip(headers: &HeaderMap) -> bool {
    items(headers, ACCEPT_ENCODING).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let is_refused = parts.any(|parameter| {
            let weight = parameter
                .strip_prefix("q=")
                .or_else(|| parameter.strip_prefix("Q="));
            weight.and_then(|text| text.parse::<f32>().ok()) == Some(0.0)
        });
        is_gzip && !is_refused
    })
}

/// Whether the client has what this tag names (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    items(headers, IF_NONE_MATCH).any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

#[cfg(test)]
mod tests;
