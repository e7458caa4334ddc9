//! A place in the logs of an account, as a text that whoever follows them brings back.

use std::fmt;
use std::str::FromStr;

use super::super::{EntryId, InvalidListPosition};
use domain::id::EndpointId;

/// A place in all logs of an account together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPlace {
    /// The entry that stands there.
    pub id: EntryId,
    /// In whose log. Of one place in several, those of the endpoints up to this one stand before it; `None`: all do.
    pub endpoint: Option<EndpointId>,
}

impl fmt::Display for AccountPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(formatter, "{} {endpoint}", self.id),
            None => write!(formatter, "{}", self.id),
        }
    }
}

impl FromStr for AccountPlace {
    type Err = InvalidListPosition;

    fn from_str(text: &str) -> Result<Self, InvalidListPosition> {
        let (id, endpoint) = match text.split_once(' ') {
            Some((id, endpoint)) => (id, Some(endpoint)),
            None => (text, None),
        };
        let endpoint = endpoint.map(str::parse).transpose();
        Ok(Self {
            id: id.parse().map_err(|_| InvalidListPosition)?,
            endpoint: endpoint.map_err(|_| InvalidListPosition)?,
        })
    }
}
