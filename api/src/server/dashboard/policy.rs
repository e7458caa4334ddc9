//! What browsers may do for the two pages of the dashboard (Content-Security-Policy): nothing but what they need, from where they come from.

use super::{PortalOrigins, PublishableKey};

/// The policy of the page itself, which nobody may frame.
pub(super) fn of_index(publishable_key: Option<&PublishableKey>) -> String {
    match publishable_key {
        None => strict("'none'"),
        Some(key) => with_clerk(key.frontend_api()),
    }
}

/// The policy of the page in a frame. It signs nobody in: whoever frames it gives it a token.
pub(super) fn of_embed(portal_origins: &PortalOrigins) -> String {
    let origins: Vec<_> = portal_origins.iter().collect();
    if origins.is_empty() {
        strict("'none'")
    } else {
        strict(&origins.join(" "))
    }
}

fn strict(frame_ancestors: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frame_ancestors}; \
         require-trusted-types-for 'script'"
    )
}

/// With what Clerk documents that its scripts need, and no more: its instance, which the key names, its images, the test for
/// robots of Cloudflare, and styles that its scripts write. Trusted types would forbid the page to load those scripts by their address.
/// <https://clerk.com/docs/guides/secure/best-practices/csp-headers>
fn with_clerk(frontend_api: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' https://{frontend_api} https://challenges.cloudflare.com; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data: https://img.clerk.com; font-src 'self'; \
         connect-src 'self' https://{frontend_api}; worker-src 'self' blob:; frame-src https://challenges.cloudflare.com; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
