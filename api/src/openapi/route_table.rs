//! The paths that the API serves and the methods that they take, for metrics, for the header `Allow`, and for what queries may hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use poem::http::Method;
use serde_json::Value;

use crate::access::{self, Access};
use crate::query::{QueryRules, Unknown};
use crate::routes::{Call, DOCUMENTATION};

/// All routes.
#[derive(Debug)]
pub struct RouteTable(Vec<KnownRoute>);

/// A path and the methods that it takes.
#[derive(Debug)]
pub struct KnownRoute {
    /// The path as the document writes it, such as `/api/webhooks-config/{id}`.
    pub path: String,
    /// Its methods, as the header `Allow` lists them.
    pub allow: String,
    /// Its methods and what each is for.
    pub calls: String,
    methods: Vec<(String, MethodRules)>,
    segments: Vec<Option<String>>,
    /// Whether it serves all paths below this one, too.
    and_below: bool,
}

/// The pages that the document doesn't describe.
const PAGES: [&str; 3] = ["/docs", "/errors", "/openapi.json"];

/// Pages that serve what is below them, too, the longer before the shorter.
const PAGES_AND_BELOW: [&str; 2] = ["/dashboard/assets", "/dashboard"];

/// What is known of a path with one method.
#[derive(Debug)]
pub struct MethodRules {
    /// What its query may hold.
    pub query: Arc<QueryRules>,
    /// Who may make the call; `None` for pages.
    pub access: Option<Access>,
}

impl RouteTable {
    /// The routes of a document, and those that serve the document itself and its pages.
    #[must_use]
    pub fn of(document: &str) -> Self {
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let documented = document["paths"].as_object().into_iter().flatten();
        let all: BTreeSet<String> = super::operations(&document).flat_map(in_query).collect();
        let all: Arc<[String]> = all.into_iter().collect();
        let mut routes: Vec<_> = documented
            .map(|(path, operations)| {
                let operations = operations.as_object().into_iter().flatten();
                KnownRoute::new(path, operations, &all)
            })
            .collect();
        let (get, page) = ("get".to_owned(), serde_json::json!({}));
        for path in PAGES.iter().chain(&PAGES_AND_BELOW) {
            let operations = [(&get, &page)].into_iter();
            let mut route = KnownRoute::new(path, operations, &all);
            route.and_below = PAGES_AND_BELOW.contains(path);
            routes.push(route);
        }
        Self(routes)
    }

    /// The route that serves a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&KnownRoute> {
        self.0.iter().find(|route| {
            let mut wanted = route.segments.iter();
            let mut given = path.split('/');
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return true,
                    (None, Some(_)) if route.and_below => return true,
                    (Some(None), Some(text)) if !text.is_empty() => {}
                    (Some(Some(wanted)), Some(text)) if wanted == text => {}
                    _ => return false,
                }
            }
        })
    }
}

impl KnownRoute {
    fn new<'a>(
        path: &str,
        operations: impl Iterator<Item = (&'a String, &'a Value)>,
        all: &Arc<[String]>,
    ) -> Self {
        let (mut methods, mut calls, mut rules) = (Vec::new(), Vec::new(), Vec::new());
        for (method, operation) in operations {
            let method = method.to_uppercase();
            let summary = operation["summary"].as_str().unwrap_or_default();
            calls.push(match summary {
                "" => method.clone(),
                text => format!("{method} ({})", uncapitalised(text)),
            });
            let query = QueryRules {
                known: in_query(operation).chain(hidden(operation)).collect(),
                all: Arc::clone(all),
                unknown: unknown(operation),
            };
            let known = MethodRules {
                query: Arc::new(query),
                access: operation["operationId"].as_str().and_then(access::of_operation),
            };
            rules.push((method.clone(), known));
            methods.push(method);
        }
        if methods.iter().any(|method| method == "GET") {
            methods.push("HEAD".to_owned());
        }
        methods.sort();
        Self {
            segments: path
                .split('/')
                .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()))
                .collect(),
            allow: methods.join(", "),
            calls: calls.join(", "),
            path: path.to_owned(),
            methods: rules,
            and_below: false,
        }
    }

    /// What is known of requests with this method.
    #[must_use]
    pub fn rules(&self, method: &Method) -> Option<&MethodRules> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let found = self.methods.iter().find(|(known, _)| method == known.as_str());
        found.map(|(_, rules)| rules)
    }
}

/// The names of the parameters that an operation takes in its query.
fn in_query(operation: &Value) -> impl Iterator<Item = String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
}

/// The parameter that an operation takes in its query, and that the document leaves out.
fn hidden(operation: &Value) -> Option<String> {
    call(operation)?.hidden_parameter().map(str::to_owned)
}

/// What an operation does with other parameters.
fn unknown(operation: &Value) -> Unknown {
    call(operation).map_or(Unknown::default(), Call::unknown)
}

fn call(operation: &Value) -> Option<&'static Call> {
    let mut calls = DOCUMENTATION.iter().flat_map(|resource| resource.calls);
    calls.find(|call| operation["operationId"] == call.id())
}

fn uncapitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
