//! The OpenAPI document: the calls as their code declares them, with what each [`Resource`](crate::routes::Resource) adds and what
//! follows from both.
//!
//! It is the same text on every machine, so that a test can compare it with `openapi/openapi.json`.

mod operations;

mod security;

mod errors;

mod schemas;

mod vocabulary;

mod callbacks;

mod other_types;

mod route_table;

mod errors_page;

pub use errors_page::{errors_html, errors_page};
pub use route_table::{KnownRoute, MethodRules, RouteTable};

use domain::catalog::Catalog;
use domain::header_names::HeaderPrefix;
use poem_openapi::OpenApiService;
use serde_json::{Value, json};

use crate::routes::{RESOURCES, Resources};

/// All calls, as poem serves them.
pub type Service = OpenApiService<Resources, ()>;

/// All calls, as poem serves them.
#[must_use]
pub fn service() -> Service {
    OpenApiService::new(RESOURCES, "Webhooks API", env!("CARGO_PKG_VERSION"))
        .description(include_str!("description.md"))
}

/// The document as JSON text, for headers with the default prefix and the default event types.
#[must_use]
pub fn document() -> String {
    document_for(&HeaderPrefix::default(), &Catalog::default())
}

/// The document as JSON text, for headers with this prefix and these event types: its texts, its callbacks and its examples.
#[must_use]
pub fn document_for(prefix: &HeaderPrefix, catalog: &Catalog) -> String {
    let mut document: Value = serde_json::from_str(&service().spec()).unwrap_or_default();
    // Whoever runs this service adds the address where they are reached, and the terms.
    document["info"]["contact"] = json!({ "name": "RKT Webhooks" });
    document["info"]["license"] = json!({ "name": "UNLICENSED" });
    // Relative to where the document lies, which a proxy may have given a prefix.
    document["servers"] = json!([{ "url": ".", "description": "This server" }]);
    schemas::complete(&mut document);
    schemas::simplify_references(&mut document);
    schemas::describe_bodies(&mut document);
    security::complete(&mut document);
    operations::complete(&mut document);
    schemas::allow_null(&mut document);
    vocabulary::complete(&mut document, catalog);
    callbacks::add(&mut document, catalog);
    other_types::replace(&mut document, catalog);
    let mut text = serde_json::to_string_pretty(&sorted(document)).unwrap_or_default();
    text.push('\n');
    prefix.put_into(text).into_owned()
}

/// The operations of a document.
fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values());
    paths
        .filter_map(Value::as_object)
        .flat_map(|operations| operations.values())
}

/// The operations of a document, to be changed.
fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(|paths| paths.values_mut());
    paths
        .filter_map(Value::as_object_mut)
        .flat_map(|operations| operations.values_mut())
}

/// Sorts all objects by key, whatever map `serde_json` was built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            entries
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// The page that renders the document; it loads nothing.
#[must_use]
pub fn docs_page(service: &Service, document: &str) -> String {
    const BEFORE: &str = "let spec = ";
    const AFTER: &str = ";\n    let oauth2RedirectUrl;";
    let page = service
        .swagger_ui_html()
        .replace("<title>Swagger UI</title>", "<title>Webhooks API</title>");
    // In a script nothing may look like its end.
    let document = document
        .trim_end()
        .replace("</", "<\\/")
        .replace("<!--", "<\\!--");
    match (page.rfind(BEFORE), page.rfind(AFTER)) {
        (Some(before), Some(after)) if before < after => {
            format!(
                "<!doctype html>{}{document}{}",
                &page[..before + BEFORE.len()],
                &page[after..]
            )
        }
        _ => page,
    }
}

#[cfg(test)]
mod tests;
