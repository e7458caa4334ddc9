//! Query parameters that a call doesn't know.
//!
//! A filter that a call doesn't have, or whose name is misspelt, must not look as if it had been applied. So a call refuses a
//! parameter that belongs to another call, and one that looks like a known name; calls that were made since refuse every unknown
//! one. What else a query holds (`utm_source`, `_`) was always ignored, and still is.

use std::collections::BTreeSet;
use std::sync::Arc;

use poem::Request;

use crate::problem::{Code, Faults, Problem};

/// How many characters of a name are repeated.
const MAX_ECHO: usize = 64;

/// The shortest name that is taken for a misspelling when one letter differs: of shorter ones, too many differ by one.
const MIN_MISSPELT: usize = 4;

/// What a call does with parameters that it doesn't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// It refuses those that belong to another call, or look like a known one.
    #[default]
    RefuseSimilar,
    /// It refuses them all.
    Refuse,
    /// It reads its query by itself.
    Own,
}

/// Which parameters a call takes in its query.
#[derive(Debug, Clone)]
pub struct QueryRules {
    /// Its own.
    pub known: Vec<String>,
    /// Those of all calls.
    pub all: Arc<[String]>,
    /// What becomes of others.
    pub unknown: Unknown,
}

/// Refuses a request whose query has a parameter that its call doesn't take. The server attaches the rules.
///
/// # Errors
///
/// [`Problem`] that names the parameters.
pub(crate) fn check(request: &Request) -> Result<(), Problem> {
    match (request.uri().query(), request.data::<Arc<QueryRules>>()) {
        (Some(query), Some(rules)) => rules.check(query),
        _ => Ok(()),
    }
}

/// Refuses a query that has a parameter twice which a call reads once, so that neither value is ignored.
///
/// # Errors
///
/// [`Problem`] that names the parameters.
pub(crate) fn once(query: &str, is_read_once: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    let mut faults = Faults::default();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if faults.are_enough() {
            break;
        }
        if is_read_once(&name) && !seen.insert(name.clone()) {
            let detail = format!("Give `{name}` once.");
            let problem = Problem::new(Code::InvalidFilter).detail(detail);
            faults.note(problem.field(name.into_owned()));
        }
    }
    faults.finish()
}

impl QueryRules {
    fn check(&self, query: &str) -> Result<(), Problem> {
        if self.unknown == Unknown::Own {
            return Ok(());
        }
        let mut faults = Faults::default();
        for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
            if faults.are_enough() {
                break;
            }
            if self.known.iter().any(|known| *known == name) {
                continue;
            }
            let meant = self.known.iter().chain(&*self.all);
            let meant = meant.into_iter().find(|known| are_similar(&name, known));
            if meant.is_some() || self.unknown == Unknown::Refuse {
                faults.note(self.refusal(&name, meant));
            }
        }
        faults.finish()
    }

    fn refusal(&self, name: &str, meant: Option<&String>) -> Problem {
        let name: String = name
            .chars()
            .filter(|character| !character.is_control())
            .take(MAX_ECHO)
            .collect();
        let meant = meant.filter(|meant| **meant != name && self.known.contains(meant));
        let hint = meant.map_or_else(String::new, |meant| format!(" Did you mean `{meant}`?"));
        let takes = if self.known.is_empty() {
            "It takes none in its query.".to_owned()
        } else {
            format!("The parameters are {}.", self.known.join(", "))
        };
        let problem = Problem::new(Code::UnknownParameter)
            .detail(format!("This call has no parameter `{name}`.{hint} {takes}"))
            .field(name)
            .param("known", self.known.clone());
        match meant {
            Some(meant) => problem.param("meant", meant.as_str()),
            None => problem,
        }
    }
}

/// Whether a name is a known one, but for its case, its separators, or one slip in a longer name.
fn are_similar(name: &str, known: &str) -> bool {
    let letters = |text: &str| -> Vec<u8> {
        let bytes = text.bytes().take(2 * MAX_ECHO);
        bytes
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_lowercase())
            .collect()
    };
    let (name, known) = (letters(name), letters(known));
    name == known || known.len() >= MIN_MISSPELT && differ_by_one(&name, &known)
}

/// Whether one letter more, less, or changed, or two neighbours swapped, make one word the other.
fn differ_by_one(one: &[u8], other: &[u8]) -> bool {
    let same = one
        .iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count();
    let (one, other) = (&one[same..], &other[same..]);
    match (one, other) {
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([a, b, one @ ..], [c, d, other @ ..]) if (a, b) == (d, c) && one == other => true,
        ([_, one @ ..], _) if one == other => true,
        (_, [_, other @ ..]) if one == other => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
