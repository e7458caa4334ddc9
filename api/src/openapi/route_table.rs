//! The paths that the API serves and the methods that they take, for metrics and for the header `Allow`.

use serde_json::Value;

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
    segments: Vec<Option<String>>,
}

impl RouteTable {
    /// The routes of a document, and those that serve the document itself and its pages.
    #[must_use]
    pub fn of(document: &str) -> Self {
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let documented = document["paths"].as_object().into_iter().flatten();
        let mut routes: Vec<_> = documented
            .map(|(path, operations)| {
                let methods: Vec<_> = operations
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(method, _)| method.to_uppercase())
                    .collect();
                KnownRoute::new(path, &methods)
            })
            .collect();
        for path in ["/docs", "/errors", "/openapi.json"] {
            routes.push(KnownRoute::new(path, &["GET".to_owned()]));
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
                    (Some(None), Some(text)) if !text.is_empty() => {}
                    (Some(Some(wanted)), Some(text)) if wanted == text => {}
                    _ => return false,
                }
            }
        })
    }
}

impl KnownRoute {
    fn new(path: &str, methods: &[String]) -> Self {
        let mut methods = methods.to_vec();
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
            path: path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
