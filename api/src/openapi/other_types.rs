//! The examples and texts of the document, for a product whose event types are others than ours.
//!
//! The code and its examples name types of the default catalog. Each that a product doesn't have stands for one that it has, with that
//! one's data: so what the document shows can be sent as it is. With the default catalog nothing changes.

use domain::catalog::{Catalog, EventDescription};
use domain::event::Subscription;
use serde_json::{Value, json};

/// What stands in place of what.
struct Replacements<'a> {
    /// A name of ours that the product doesn't have, and the type in its place.
    pairs: Vec<(String, &'a EventDescription)>,
    /// All names of ours, and all of the product's.
    all: (Vec<String>, Vec<String>),
}

/// Replaces the types that a catalog doesn't have.
pub(super) fn replace(document: &mut Value, catalog: &Catalog) {
    let replacements = Replacements::of(catalog);
    if !replacements.pairs.is_empty() {
        replacements.put_into(document);
    }
}

impl<'a> Replacements<'a> {
    fn of(catalog: &'a Catalog) -> Self {
        let default = Catalog::default();
        let is_type = |entry: &&EventDescription| matches!(entry.subscription, Subscription::Only(_));
        let example = Subscription::Only(catalog.example());
        // The example comes first, and what is on its way out is not shown.
        let mut offered: Vec<_> = catalog.all().iter().filter(is_type).collect();
        offered.retain(|entry| !entry.deprecated && entry.subscription != example);
        offered.splice(0..0, catalog.describe(example));
        let mut ours = default.types().to_vec();
        ours.sort_by_key(|kind| *kind != default.example());
        let pairs = ours.iter().zip(offered.into_iter().cycle());
        let missing = pairs.filter(|(kind, _)| catalog.find(kind.as_str()).is_none());
        let names = |catalog: &Catalog| catalog.types().iter().map(ToString::to_string).collect();
        Self {
            pairs: missing.map(|(kind, entry)| (kind.to_string(), entry)).collect(),
            all: (names(&default), names(catalog)),
        }
    }

    /// What stands in the place of a name.
    fn of_name(&self, name: &Value) -> Option<&'a EventDescription> {
        let mut pairs = self.pairs.iter();
        pairs.find(|(ours, _)| name == ours).map(|(_, entry)| *entry)
    }

    fn put_into(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.put_into_text(text),
            Value::Array(items) => {
                let is_all = items.iter().eq(&self.all.0);
                if is_all {
                    *items = self.all.1.iter().cloned().map(Value::from).collect();
                }
                items.iter_mut().for_each(|item| self.put_into(item));
                // Two of ours may have become the same one.
                if items.iter().all(Value::is_string) {
                    let mut seen = std::collections::HashSet::new();
                    items.retain(|item| seen.insert(item.clone()));
                }
            }
            Value::Object(members) => {
                if let Some(entry) = members.get("name").and_then(|name| self.of_name(name))
                    && members.contains_key("sample")
                {
                    members.insert("description".to_owned(), json!(entry.description));
                    members.insert("version".to_owned(), json!(entry.version));
                    members.insert("schema".to_owned(), parsed(entry.schema.get()));
                    members.insert("sample".to_owned(), parsed(entry.sample.get()));
                }
                if let Some(entry) = members.get("event").and_then(|name| self.of_name(name))
                    && members.get("data").is_some_and(Value::is_object)
                {
                    let mut sample = parsed(entry.sample.get());
                    members.insert("data".to_owned(), sample["data"].take());
                }
                members.values_mut().for_each(|member| self.put_into(member));
            }
            _ => {}
        }
    }

    fn put_into_text(&self, text: &str) -> String {
        let text = text.replace(&self.all.0.join(", "), &self.all.1.join(", "));
        self.pairs.iter().fold(text, |text, (ours, entry)| {
            text.replace(ours, entry.subscription.as_str())
        })
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
