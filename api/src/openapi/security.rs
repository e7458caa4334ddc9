//! What the document says of tokens: which kinds there are, and which of them each call takes, by the table in [`crate::access`].

use serde_json::{Value, json};

use crate::access::{self, Access, Kind};
use crate::caller::ACCOUNT_HEADER;

/// Describes the kinds of tokens, and says of each operation which it takes, in place.
pub(super) fn complete(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "clerkSession": bearer(
            "JWT",
            "A session token: Clerk's (RS256), or one of the OpenID Connect issuer that is configured in its place (RS256, ES256). The \
             account is the token's active organisation, else its user.",
        ),
        "accountKey": bearer(
            "rk_live_<account>_<random>",
            "A key of the account (`POST /api/api-keys`), with the scope that the call needs.",
        ),
        "portalSession": bearer(
            "rkp_<account>_<random>_<expires, ms since 1970>",
            "A portal session of the account (`POST /api/portal-sessions`), for the dashboard in your own product. With the access `read` it \
             changes nothing.",
        ),
        "serviceKey": bearer("whk_<id>_<random>", "A service key of the chatbot backend."),
        // The account's header is no scheme of its own: generated clients that are given one token would send it there as well.
        "manageKey": bearer(
            "whk_<id>_<random>",
            &format!(
                "A service key of the chatbot backend that may call for any account: a `manage` key. The \
                 header `{ACCOUNT_HEADER}` names the account, unless the path or the body does: `org:<organisation id>` or `user:<user id>`; Clerk's \
                 ids alone (`org_…`, `user_…`) mean the same. With any other token that header is refused.",
            ),
        ),
    });
    for operation in super::operations_mut(document) {
        let access = operation["operationId"].as_str().and_then(access::of_operation);
        let Some(access) = access else { continue };
        // Said of open calls, too, since whoever reads only one of them would take it for forgotten.
        operation["security"] = alternatives(access).into();
        if let Some(sentence) = said_of_keys(access) {
            let text = operation["description"].as_str().unwrap_or_default();
            operation["description"] = format!("{text}\n\n{sentence}").trim_start().into();
        }
    }
}

fn bearer(format: &str, description: &str) -> Value {
    json!({ "type": "http", "scheme": "bearer", "bearerFormat": format, "description": description })
}

/// What a call takes, each for itself.
fn alternatives(access: Access) -> Vec<Value> {
    let acting = [
        (Kind::Session, json!({ "clerkSession": [] })),
        (Kind::Key, json!({ "accountKey": [] })),
        (Kind::Portal, json!({ "portalSession": [] })),
        (Kind::Manage, json!({ "manageKey": [] })),
    ];
    match access {
        Access::Open => Vec::new(),
        Access::Backend => vec![json!({ "serviceKey": [] })],
        Access::Manage => vec![json!({ "manageKey": [] })],
        Access::Account(_) | Access::People(_) | Access::Owner(_) => acting
            .into_iter()
            .filter(|(kind, _)| access.takes(*kind))
            .map(|(_, scheme)| scheme)
            .collect(),
    }
}

/// What a key of an account needs for a call.
fn said_of_keys(access: Access) -> Option<String> {
    match access {
        Access::Account(scope) => Some(format!("A key of the account needs the scope `{scope}`.")),
        Access::People(_) | Access::Owner(_) => Some("No key of an account may make this call.".to_owned()),
        Access::Manage => Some("Only a `manage` key may make this call.".to_owned()),
        Access::Open | Access::Backend => None,
    }
}

#[cfg(test)]
mod tests;
