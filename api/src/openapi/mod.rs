//! The OpenAPI document: the calls as the code declares them, with examples and every error that they answer.
//!
//! It is the same text on every machine, so that a test can compare it with `openapi/openapi.json`.

mod errors;

mod enrich;

mod routes;

pub use routes::{KnownRoute, RouteTable};

use poem_openapi::OpenApiService;
use serde_json::Value;

use crate::routes::deliveries::{DeliveriesApi, ReplaysApi, StreamApi};
use crate::routes::doctor::DoctorApi;
use crate::routes::endpoints::{EndpointsApi, RotationApi, TestEventApi};
use crate::routes::event_types::EventTypesApi;
use crate::routes::events::EventsApi;
use crate::routes::health::HealthApi;
use crate::routes::summary::SummaryApi;

/// All calls.
pub type Service = OpenApiService<
    (
        EndpointsApi,
        RotationApi,
        TestEventApi,
        DeliveriesApi,
        StreamApi,
        ReplaysApi,
        SummaryApi,
        DoctorApi,
        EventTypesApi,
        EventsApi,
        HealthApi,
    ),
    (),
>;

/// All calls, as poem serves them.
#[must_use]
pub fn service() -> Service {
    OpenApiService::new(
        (
            EndpointsApi,
            RotationApi,
            TestEventApi,
            DeliveriesApi,
            StreamApi,
            ReplaysApi,
            SummaryApi,
            DoctorApi,
            EventTypesApi,
            EventsApi,
            HealthApi,
        ),
        "Webhooks API",
        env!("CARGO_PKG_VERSION"),
    )
    .description(include_str!("description.md"))
}

/// The document as JSON text.
#[must_use]
pub fn document() -> String {
    let mut document: Value = serde_json::from_str(&service().spec()).unwrap_or_default();
    enrich::enrich(&mut document);
    let mut text = serde_json::to_string_pretty(&sorted(document)).unwrap_or_default();
    text.push('\n');
    text
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
