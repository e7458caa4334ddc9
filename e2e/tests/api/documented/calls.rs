//! The calls as the document describes them.

use reqwest::Method;
use serde_json::Value;

use super::schema::complaints;
use crate::fixture::DOCUMENT;

/// One call of the document.
pub(crate) struct Call {
    pub(crate) path: &'static str,
    pub(crate) method: Method,
    operation: &'static Value,
}

/// A parameter of a call.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// `path`, `query` or `header`.
    pub(crate) place: &'static str,
    pub(crate) is_required: bool,
    pub(crate) example: Option<String>,
}

/// Every call of the document.
pub(crate) fn calls() -> Vec<Call> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, operations)| {
            let operations = operations.as_object().unwrap();
            operations.iter().map(move |(method, operation)| Call {
                path,
                method: method.to_uppercase().parse().unwrap(),
                operation,
            })
        })
        .collect()
}

impl Call {
    /// For messages.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Its operation id.
    pub(crate) fn id(&self) -> &'static str {
        self.operation["operationId"].as_str().unwrap()
    }

    /// Whether it takes this security scheme.
    pub(crate) fn takes(&self, scheme: &str) -> bool {
        let taken = self.operation["security"].as_array().into_iter().flatten();
        taken.into_iter().any(|one| one.get(scheme).is_some())
    }

    /// The scope that a key of an account needs, by its description.
    pub(crate) fn key_scope(&self) -> Option<&'static str> {
        let text = self.operation["description"].as_str().unwrap_or_default();
        let after = text.split("A key of the account needs the scope `").nth(1)?;
        after.split('`').next()
    }

    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        parameters
            .map(|parameter| Parameter {
                name: parameter["name"].as_str().unwrap(),
                place: parameter["in"].as_str().unwrap(),
                is_required: parameter["required"] == true,
                example: parameter.get("example").map(|example| match example {
                    Value::String(text) => text.clone(),
                    // One of them is enough.
                    Value::Array(items) => items[0].as_str().unwrap().to_owned(),
                    other => other.to_string(),
                }),
            })
            .collect()
    }

    /// The bodies of its examples, each with its name; one that is `None` if it takes no body.
    pub(crate) fn requests(&self) -> Vec<(&'static str, Option<&'static Value>)> {
        if self.operation.get("requestBody").is_none() {
            return vec![("without a body", None)];
        }
        let examples = self.request_content()["examples"].as_object();
        let examples = examples.filter(|examples| !examples.is_empty());
        let examples = examples.unwrap_or_else(|| panic!("{} has no example of its body", self.name()));
        let examples = examples.iter();
        examples
            .map(|(name, example)| (name.as_str(), Some(&example["value"])))
            .collect()
    }

    /// What the body's schema doesn't allow of it.
    pub(crate) fn complaints_about_request(&self, body: &Value) -> Vec<String> {
        complaints(body, &self.request_content()["schema"])
    }

    fn request_content(&self) -> &'static Value {
        &self.operation["requestBody"]["content"]["application/json"]
    }

    /// What is documented of an answer with this status.
    pub(crate) fn response(&self, status: u16) -> &'static Value {
        let response = self.operation["responses"].get(status.to_string());
        response.unwrap_or_else(|| panic!("{} does not document the status {status}", self.name()))
    }

    /// Whether its answer goes on for ever.
    pub(crate) fn is_stream(&self) -> bool {
        let content = &self.operation["responses"]["200"]["content"];
        content.get("text/event-stream").is_some()
    }

    /// All examples of answers, each with its status, media type, name and schema. Every answer that has a body has one.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        for (status, response) in self.operation["responses"].as_object().unwrap() {
            for (media_type, content) in response["content"].as_object().into_iter().flatten() {
                let answer = |name: &'static str, value| Answer {
                    status: status.parse().unwrap(),
                    media_type: media_type.split(';').next().unwrap(),
                    name,
                    value,
                    schema: &content["schema"],
                };
                let before = answers.len();
                answers.extend(content.get("example").map(|value| answer("example", value)));
                let named = content["examples"].as_object().into_iter().flatten();
                answers.extend(named.map(|(name, example)| answer(name, &example["value"])));
                assert!(
                    answers.len() > before,
                    "{} has no example of its answer {status}",
                    self.name()
                );
            }
        }
        answers
    }
}

/// An example of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    pub(crate) name: &'static str,
    pub(crate) value: &'static Value,
    pub(crate) schema: &'static Value,
}
