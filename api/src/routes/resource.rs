//! What a call says about itself in the OpenAPI document, where its signature can't: which errors it gives, and examples.
//!
//! It stands beside the call's code, in `CALLS` and in a JSON file of the same name. [`crate::openapi`] puts it into the document
//! and adds what follows from the signature. Tests compare both with the operations that there are.

use poem_openapi::OpenApi;

use crate::problem::Code;
use crate::query::Unknown;

/// The calls of one `impl` block, with all that the document says about them.
pub trait Resource: OpenApi {
    /// Its calls.
    const CALLS: &'static [Call];

    /// JSON: for each operation id that has any, the examples of its `request` (each with a name), its `responses` (by
    /// status) and its `parameters` (by name).
    const EXAMPLES: &'static str;
}

/// One call, as far as its signature doesn't say it.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    id: &'static str,
    errors: &'static [Code],
    shared: &'static [Code],
    unknown: Unknown,
    hidden: Option<&'static str>,
    hidden_parameter: Option<&'static str>,
}

impl Call {
    /// A call by the operation id that its `#[oai(…)]` gives, and the errors that are its own. Those that follow from its
    /// signature are not listed: `openapi/errors.rs` derives them.
    pub(crate) const fn new(id: &'static str, errors: &'static [Code]) -> Self {
        Self {
            id,
            errors,
            shared: &[],
            unknown: Unknown::RefuseSimilar,
            hidden: None,
            hidden_parameter: None,
        }
    }

    /// Refuses every parameter of the query that it doesn't document, as calls should that nobody calls yet.
    pub(crate) const fn strict(self) -> Self {
        Self {
            unknown: Unknown::Refuse,
            ..self
        }
    }

    /// Reads its whole query by itself, and refuses what it doesn't know.
    pub(crate) const fn reads_query(self) -> Self {
        Self {
            unknown: Unknown::Own,
            ..self
        }
    }

    /// With errors that it shares with other calls.
    pub(crate) const fn with(self, shared: &'static [Code]) -> Self {
        Self { shared, ..self }
    }

    /// Without the answer that has this status, which only a deprecated request gets.
    pub(crate) const fn hiding(self, status: &'static str) -> Self {
        Self {
            hidden: Some(status),
            ..self
        }
    }

    /// Without this parameter of its query, of which only the call's text tells: it stands in for a header, and generators would take
    /// both for one.
    pub(crate) const fn hiding_parameter(self, name: &'static str) -> Self {
        Self {
            hidden_parameter: Some(name),
            ..self
        }
    }

    /// The parameter that the document leaves out.
    pub(crate) const fn hidden_parameter(&self) -> Option<&'static str> {
        self.hidden_parameter
    }

    /// The status of the answer that the document leaves out.
    pub(crate) const fn hidden(&self) -> Option<&'static str> {
        self.hidden
    }

    /// Its operation id.
    pub(crate) const fn id(&self) -> &'static str {
        self.id
    }

    /// What it does with parameters that it doesn't know.
    pub(crate) const fn unknown(&self) -> Unknown {
        self.unknown
    }

    /// The errors that are declared for it.
    pub(crate) fn errors(&self) -> impl Iterator<Item = Code> {
        self.errors.iter().chain(self.shared).copied()
    }
}

/// What the document adds to the operations of a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Documentation {
    /// [`Resource::CALLS`].
    pub(crate) calls: &'static [Call],
    /// [`Resource::EXAMPLES`].
    pub(crate) examples: &'static str,
}

impl Documentation {
    /// That of one resource.
    pub(crate) const fn of<T: Resource>() -> Self {
        Self {
            calls: T::CALLS,
            examples: T::EXAMPLES,
        }
    }
}
