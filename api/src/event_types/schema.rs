//! Whether what a catalog calls a schema is a JSON Schema, and each sample valid by its own.

use std::error::Error;

use boon::{CompileError, Compiler, Draft, SchemaIndex, Schemas, UrlLoader, ValidationError};
use domain::catalog::{Catalog, CatalogError, EventDescription};
use serde_json::Value;

/// What a schema is called while it is checked; nobody sees it.
const PLACE: &str = "urn:schema";

/// Schemas refer to nothing outside: whoever reads one has all of it.
struct Nothing;

impl UrlLoader for Nothing {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a schema may refer to what is in it only".into())
    }
}

/// Checks all types of a catalog.
pub(super) fn check(catalog: &Catalog) -> Result<(), CatalogError> {
    catalog.all().iter().try_for_each(check_entry)
}

fn check_entry(entry: &EventDescription) -> Result<(), CatalogError> {
    let name = entry.subscription.as_str();
    let wrong = |field: &str, reason: String| CatalogError::of_type(name, field, &reason);
    let value = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
    let schema = value(entry.schema.get()).map_err(|reason| wrong("schema", reason))?;
    let sample = value(entry.sample.get()).map_err(|reason| wrong("sample", reason))?;
    let (schemas, index) = compile(schema)
        .map_err(|error| wrong("schema", format!("is no JSON Schema: {}", of_compiling(&error))))?;
    schemas.validate(&sample, index).map_err(|error| {
        wrong(
            "sample",
            format!("is not valid by its schema: {}", of_validating(&error)),
        )
    })
}

fn compile(schema: Value) -> Result<(Schemas, SchemaIndex), Box<CompileError>> {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    compiler.use_loader(Box::new(Nothing));
    compiler.add_resource(PLACE, schema)?;
    let index = compiler.compile(PLACE, &mut schemas)?;
    Ok((schemas, index))
}

/// Why something is no schema, in a line.
fn of_compiling(error: &CompileError) -> String {
    match error {
        CompileError::ValidationError { src, .. } => of_validating(src),
        other => one_line(&format!("{other:#}").replace(PLACE, "")),
    }
}

/// The first reason why a value isn't valid, and where: a line.
fn of_validating(error: &ValidationError<'_, '_>) -> String {
    let mut first = error;
    while let Some(cause) = first.causes.first() {
        first = cause;
    }
    let place = first.instance_location.to_string();
    let place = place.replacen("/properties/data", "", 1);
    one_line(&format!("at `{place}`: {}", first.kind))
}

fn one_line(text: &str) -> String {
    const MOST: usize = 300;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    let shown: String = line.chars().take(MOST).collect();
    format!("{shown}…")
}
