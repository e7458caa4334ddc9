//! The document that is sent about a problem.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use super::Problem;
use super::code_name::CodeName;
use super::fault::Fault;

/// An error: what went wrong, as a stable code and in words.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Problem", read_only_all)]
pub struct ProblemBody {
    /// Where the code is documented.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// What went wrong, in words that are always the same for the code.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What went wrong, as a stable code: branch on this.
    code: CodeName,
    /// What went wrong in this case, and what to do about it.
    detail: String,
    /// The field or parameter concerned, such as `url`, `events[1]` or `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    field: Option<String>,
    /// All that is wrong, as far as it can be told at once: `code`, `detail` and `field` are those of the first. Never empty, and at
    /// most 20.
    errors: Vec<FaultBody>,
}

impl ProblemBody {
    /// What to do about it.
    #[cfg(test)]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Default, Serialize, Object)]
#[oai(rename = "Fault", read_only_all)]
pub struct FaultBody {
    /// The field or parameter concerned, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    field: Option<String>,
    /// What is wrong with it, as a stable code.
    code: CodeName,
    /// What is wrong with it, and what to do about it, in English.
    detail: String,
    /// What a text of your own needs beside the code, such as `max`: which members there are depends on the code, and is told where
    /// it is documented.
    params: BTreeMap<String, Value>,
}

impl From<&Fault> for FaultBody {
    fn from(fault: &Fault) -> Self {
        let params = fault.params.iter();
        Self {
            field: fault.field.as_deref().map(str::to_owned),
            code: CodeName(fault.code),
            detail: fault.detail.clone().into_owned(),
            params: params
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }
}

impl Problem {
    /// The document that is sent.
    #[must_use]
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("/errors#{}", self.code().as_str()),
            title: self.code().title().to_owned(),
            status: self.http_status().as_u16(),
            code: CodeName(self.code()),
            detail: self.first.detail.clone().into_owned(),
            field: self.first.field.as_deref().map(str::to_owned),
            errors: self.faults().map(FaultBody::from).collect(),
        }
    }
}
