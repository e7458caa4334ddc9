//! `If-Match`: what an endpoint must be like for a change to be made.

use domain::endpoint::{Condition, MalformedCondition};
use poem::http::{HeaderMap, header};
use poem_openapi::types::Type as _;

use crate::parameter::parameter;
use crate::problem::{Code, Problem};

const HEADER: &str = "If-Match";

/// The condition of a request; without the header, none. It is a list, so it may stand on several lines.
#[derive(Debug)]
pub(crate) struct IfMatch(pub(crate) Condition);

impl IfMatch {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let lines: Vec<_> = headers
            .get_all(header::IF_MATCH)
            .iter()
            .map(|line| line.as_bytes())
            .collect();
        if lines.is_empty() {
            return Ok(Self(Condition::Exists));
        }
        let condition = Condition::parse(&lines.join(&b", "[..]));
        condition.map(Self).map_err(|MalformedCondition| {
            Problem::new(Code::InvalidValue)
                .detail(
                    "Give in `If-Match` one or more tags, each in its quotes as `etag` has it, with commas between them; or `*`.",
                )
                .field(HEADER)
        })
    }
}

parameter!(
    [] IfMatch:
    in Header, required false, schema String::schema_ref(), read |request| Self::of(request.headers())
);

#[cfg(test)]
mod tests;
