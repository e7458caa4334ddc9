//! An endpoint as a line.

use domain::endpoint::{RateLimit, origin_of};
use domain::sealing::{HeaderPlace, OpenError, SecretsKeyring};
use serde_json::{Map, Value, json};
use store::endpoints::StoredEndpoint;

/// The line of an endpoint; with its secrets, if there are keys to open them. What isn't set is left out.
pub(super) fn of(endpoint: &StoredEndpoint, keys: Option<&SecretsKeyring>) -> Result<Value, OpenError> {
    let StoredEndpoint {
        id,
        account,
        url,
        events,
        chatbots,
        filters,
        description,
        state,
        disabled_reason,
        secret,
        headers,
        rate_limit,
        auto_resume,
        created_at,
    } = endpoint;
    let mut line = Map::new();
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("accountId", json!(account));
    put("id", json!(id));
    put("url", json!(url));
    put("events", json!(events));
    if !chatbots.ids().is_empty() {
        put("chatbotIds", json!(chatbots.ids()));
    }
    if !filters.is_empty() {
        put("filters", json!(filters));
    }
    if let Some(description) = description {
        put("description", json!(description));
    }
    if let Some(limit) = rate_limit {
        put("rateLimit", json!(RateLimit::per_second(*limit)));
    }
    put("autoResume", json!(auto_resume));
    put("state", json!(state.without_operator().as_str()));
    if let Some(reason) = disabled_reason {
        put("disabledReason", json!(reason));
    }
    put("createdAt", json!(created_at));
    let Some(keys) = keys else {
        let names: Vec<_> = headers.iter().map(|(name, _)| name.to_owned()).collect();
        if !names.is_empty() {
            put("headerNames", json!(names));
        }
        return Ok(line.into());
    };
    let place = HeaderPlace {
        account,
        endpoint: id,
        origin: origin_of(url),
    };
    let opened = headers.iter().map(|(name, sealed)| {
        let value = keys.open_header(name, &sealed, place)?;
        Ok((name.to_owned(), json!(value.expose())))
    });
    let opened: Map<String, Value> = opened.collect::<Result<_, OpenError>>()?;
    if !opened.is_empty() {
        put("headers", opened.into());
    }
    put("secret", json!(keys.open(secret, account, id)?.expose()));
    Ok(line.into())
}
