//! Headers of an endpoint's own, as requests give them: read within bounds, checked, and sealed. Answers have their names only.

mod given;

use domain::custom_headers::{
    CustomName, CustomValue, MAX_HEADER_BYTES, MAX_HEADER_NAME, MAX_HEADERS, NameError,
};
use domain::endpoint::{HeadersPatch, origin_of};
use domain::id::{AccountId, EndpointId};
use domain::sealing::{HeaderPlace, SealedHeaders, SecretsKeyring};

use self::given::{GivenHeaders, GivenValue};
use crate::app::App;
use crate::problem::{Code, Faults, Problem};

/// Headers of a new endpoint: a value for each name.
pub(super) type NewHeaders = GivenHeaders<String>;

/// Headers of a change: a value for each name, or `null`.
pub(super) type ChangedHeaders = GivenHeaders<Option<String>>;

/// A change of an endpoint's headers, before it is known where its URL leads.
#[derive(Debug, Default)]
pub(super) struct HeaderChanges {
    clears: bool,
    headers: Vec<(CustomName, Option<CustomValue>)>,
}

impl<V: GivenValue> GivenHeaders<V> {
    /// Each name once with its value, if an endpoint may have them.
    fn read(self, app: &App) -> Result<Vec<(CustomName, Option<CustomValue>)>, Problem> {
        let (mut read, mut faults) = (Vec::<(CustomName, Option<CustomValue>)>::new(), Faults::default());
        for (name, value) in &self.0 {
            // A name that is none may be long.
            let shown: String = name.chars().take(MAX_HEADER_NAME).collect();
            let wrong = |problem: Problem| problem.field(format!("headers.{shown}"));
            let parsed = faults.take(
                CustomName::parse(name, &app.header_prefix).map_err(|error| wrong(name_problem(error))),
            );
            let value = value.text().map(CustomValue::parse).transpose();
            let value = faults.take(value.map_err(|_| wrong(Problem::new(Code::InvalidHeader))));
            let (Some(name), Some(value)) = (parsed, value) else {
                continue;
            };
            if read.iter().any(|(known, _)| *known == name) {
                let detail = format!(
                    "`{}` is there twice: names are the same in upper and lower case.",
                    name.as_str()
                );
                faults.note(wrong(Problem::new(Code::InvalidHeader).detail(detail)));
            }
            read.push((name, value));
        }
        let set = || {
            read.iter()
                .filter_map(|(name, value)| Some((name, value.as_ref()?)))
        };
        let bytes: usize = set()
            .map(|(name, value)| name.as_str().len() + value.expose().len())
            .sum();
        if self.0.len() > V::MOST || set().count() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
            faults.note(too_many());
        }
        faults.finish().map(|()| read)
    }
}

/// The headers of a new endpoint.
pub(super) fn new_headers(
    given: Option<NewHeaders>,
    app: &App,
) -> Result<Vec<(CustomName, CustomValue)>, Problem> {
    let read = given.map_or_else(|| Ok(Vec::new()), |given| given.read(app))?;
    let set = read.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Ok(set.collect())
}

/// A change of headers; none at all in place of the object removes those that there are.
pub(super) fn changed_headers(given: Option<ChangedHeaders>, app: &App) -> Result<HeaderChanges, Problem> {
    Ok(HeaderChanges {
        clears: given.is_none(),
        headers: given.map_or_else(|| Ok(Vec::new()), |given| given.read(app))?,
    })
}

/// The headers of a new endpoint, sealed for it.
pub(super) fn sealed(
    headers: &[(CustomName, CustomValue)],
    keys: &SecretsKeyring,
    place: HeaderPlace<'_>,
) -> SealedHeaders {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name, keys.seal_header(name, value, place)))
        .collect()
}

impl HeaderChanges {
    /// The change, sealed for an endpoint with this URL.
    pub(super) fn sealed(
        &self,
        keys: &SecretsKeyring,
        account: &AccountId,
        endpoint: &EndpointId,
        url: &str,
    ) -> HeadersPatch {
        let place = HeaderPlace {
            account,
            endpoint,
            origin: origin_of(url),
        };
        let headers = self.headers.iter().map(|(name, value)| {
            let sealed = value.as_ref().map(|value| keys.seal_header(name, value, place));
            (name.clone(), sealed)
        });
        HeadersPatch {
            origin: place.origin.to_owned(),
            clears: self.clears,
            headers: headers.collect(),
        }
    }
}

/// There would be too many, or they would be too long.
pub(super) fn too_many() -> Problem {
    Problem::new(Code::TooManyHeaders)
        .field("headers")
        .param("max", MAX_HEADERS)
        .param("maxBytes", MAX_HEADER_BYTES)
}

fn name_problem(error: NameError) -> Problem {
    let why = match error {
        NameError::Form => {
            return Problem::new(Code::InvalidHeader)
                .detail("This is not the name of a header. Give letters, digits and dashes.");
        }
        NameError::Connection => "It belongs to the connection, or says where a request goes.",
        NameError::Ours => "It is one of those that the service sends itself.",
        NameError::Forwarded => "With it proxies tell whom they stand for.",
    };
    Problem::new(Code::HeaderNotAllowed).detail(format!("{why} {}", Code::HeaderNotAllowed.advice()))
}
