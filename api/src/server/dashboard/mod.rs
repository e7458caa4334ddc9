//! `/dashboard`: the web page on which customers manage their endpoints, as it was built into the program.
//!
//! The page finds its own way: every path below `/dashboard` gets the same HTML, but for `/dashboard/assets/`, whose files it loads, and
//! `/dashboard/embed`, a second page, which other pages may frame. What depends on the configuration is filled in once, at the start.

mod policy;

mod host;

mod portal_origins;

mod publishable_key;

mod files {
    //! What `build.rs` found in `dashboard/dist`.
    include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));
}

pub use portal_origins::PortalOrigins;
pub use publishable_key::PublishableKey;

use std::collections::BTreeMap;

use domain::header_names::HeaderPrefix;
use poem::{IntoResponse, Request, Response};
use serde_json::{Value, json};

use super::pages::Page;
use crate::problem::{Code, Problem};

/// What the browser is told of an asset, by how its name ends.
const CONTENT_TYPES: [(&str, &str); 11] = [
    (".js", "text/javascript; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".svg", "image/svg+xml"),
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".webp", "image/webp"),
    (".ico", "image/x-icon"),
    (".woff2", "font/woff2"),
    (".json", "application/json"),
    (".map", "application/json"),
    (".webmanifest", "application/manifest+json"),
];

/// The two pages, and the files that they load.
#[derive(Debug)]
pub(super) struct Dashboard {
    index: Page,
    embed: Page,
    assets: BTreeMap<&'static str, Page>,
}

impl Dashboard {
    /// The dashboard as the configuration wants it.
    pub(super) fn new(
        publishable_key: Option<&PublishableKey>,
        portal_origins: &PortalOrigins,
        prefix: &HeaderPrefix,
    ) -> Self {
        let block = settings_block(publishable_key, portal_origins, prefix);
        let filled = |html: &str| html.replacen(files::SETTINGS_BLOCK, &block, 1);
        let assets = files::ASSETS.iter().map(|(name, bytes)| {
            let content_type = content_type(name).unwrap_or("application/octet-stream");
            (*name, Page::asset(content_type, bytes))
        });
        Self {
            index: Page::dashboard(filled(files::INDEX), policy::of_index(publishable_key)),
            embed: Page::dashboard(filled(files::EMBED), policy::of_embed(portal_origins)),
            assets: assets.collect(),
        }
    }

    /// The answer to a request for `/dashboard`, or for a path below it.
    pub(super) fn answer(&self, request: &Request) -> Response {
        match self.find(request.uri().path()) {
            Some(page) => page.answer(request),
            None => Problem::new(Code::NotFound).into_response(),
        }
    }

    fn find(&self, path: &str) -> Option<&Page> {
        // Of `/dashboard/assets/x`, what stands behind `/dashboard`.
        let mut below = path.split('/').skip(2);
        match (below.next(), below.next(), below.next()) {
            (Some("assets"), Some(name), None) => self.assets.get(name),
            (Some("assets"), ..) => None,
            (Some("embed"), ..) => Some(&self.embed),
            _ => Some(&self.index),
        }
    }
}

fn content_type(name: &str) -> Option<&'static str> {
    let mut known = CONTENT_TYPES.into_iter();
    known.find_map(|(end, content_type)| name.ends_with(end).then_some(content_type))
}

/// The block of data that tells the pages how they are configured. Nothing in it can end the block.
fn settings_block(
    publishable_key: Option<&PublishableKey>,
    portal_origins: &PortalOrigins,
    prefix: &HeaderPrefix,
) -> String {
    let origins: Vec<_> = portal_origins.iter().collect();
    let data = json!({
        "clerkPublishableKey": publishable_key.map(PublishableKey::as_str),
        "portalOrigins": origins,
        "headerPrefix": prefix.name(""),
    });
    files::SETTINGS_BLOCK.replacen("{}", &in_block(&data), 1)
}

/// JSON as it may stand in an element of HTML.
fn in_block(data: &Value) -> String {
    let mut text = data.to_string();
    for (character, written) in [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026")] {
        text = text.replace(character, written);
    }
    text
}

#[cfg(test)]
mod tests;
