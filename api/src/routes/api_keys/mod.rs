//! Keys of an account, for its own programs: making, listing and revoking them. A key's text is answered once, and kept nowhere.

mod request;

mod view;

use domain::api_key::ApiKeyToken;
use domain::id::ApiKeyId;
use poem::web::Data;
use poem_openapi::OpenApi;
use store::api_keys::NewApiKey;

use self::request::CreateApiKey;
use self::view::{ApiKeyList, Created, CreatedApiKey, Revoked};
use super::endpoints::QueryId;
use super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// The most keys of an account.
const MOST: u32 = 20;

/// Making, listing and revoking keys.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeysApi;

#[OpenApi(tag = "Group::ApiKeys")]
impl ApiKeysApi {
    /// Create an API key
    ///
    /// Makes a key for a program that calls in the account's name, such as an automation at Zapier or Make. The answer contains the key,
    /// which is never shown again: save it. An account may have 20 keys; of those that have expired, the oldest makes room for a new one.
    #[oai(path = "/api/api-keys", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        body: Json<CreateApiKey>,
    ) -> Result<Created, Problem> {
        let wanted = body.0.wanted()?;
        let token = ApiKeyToken::generate(&caller.account);
        let new = NewApiKey {
            token: &token,
            name: &wanted.name,
            scopes: &wanted.scopes,
            by: &caller.by,
            expires_at: wanted.expires_at,
        };
        let made = app.store.of(&caller.account)?.create_api_key(&new, MOST).await?;
        let made = made.ok_or_else(|| {
            Problem::new(Code::TooManyApiKeys)
                .detail(format!(
                    "An account may have {MOST} API keys. {}",
                    Code::TooManyApiKeys.advice()
                ))
                .param("max", MOST)
        })?;
        Ok(Created::Created(Json(CreatedApiKey::of(made, &token))))
    }

    /// List all API keys
    ///
    /// Returns the keys of the account, oldest first, those that have expired as well, without their texts.
    #[oai(path = "/api/api-keys", method = "get", operation_id = "listApiKeys")]
    async fn list(&self, caller: Caller, app: Data<&App>) -> Result<Json<ApiKeyList>, Problem> {
        let keys = app
            .store
            .of(&caller.account)?
            .list_api_keys(&caller.account)
            .await?;
        Ok(Json(ApiKeyList {
            keys: keys.into_iter().map(Into::into).collect(),
        }))
    }

    /// Revoke an API key
    ///
    /// Whoever calls with the key from now on is refused. A live stream that was opened with it ends within seconds.
    #[oai(path = "/api/api-keys", method = "delete", operation_id = "revokeApiKey")]
    async fn revoke(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The key's id.
        id: QueryId<true>,
    ) -> Result<Revoked, Problem> {
        let id = only_one(&id)?;
        if app
            .store
            .of(&caller.account)?
            .revoke_api_key(&caller.account, &id)
            .await?
        {
            Ok(Revoked::Revoked)
        } else {
            Err(Problem::new(Code::ApiKeyNotFound))
        }
    }
}

impl Resource for ApiKeysApi {
    const CALLS: &'static [Call] = &[
        Call::new(
            "createApiKey",
            &[Code::InvalidValue, Code::InvalidTimestamp, Code::TooManyApiKeys],
        )
        .strict(),
        Call::new("listApiKeys", &[]).strict(),
        Call::new("revokeApiKey", &[Code::ApiKeyNotFound, Code::InvalidValue]).strict(),
    ];
    const EXAMPLES: &'static str = include_str!("api_keys.json");
}

/// The one key that a query names.
fn only_one(id: &QueryId<true>) -> Result<ApiKeyId, Problem> {
    let mut names = id.names().flatten();
    let name = names.next().ok_or_else(|| {
        Problem::new(Code::MissingField)
            .detail("Name the key: `?id=<key id>`.")
            .field("id")
    })?;
    if names.next().is_some() {
        return Err(Problem::new(Code::InvalidValue)
            .detail("The request names two keys: name one of them, and send the request again.")
            .field("id"));
    }
    // A text that isn't an id is no key's.
    name.parse().map_err(|_| Problem::new(Code::ApiKeyNotFound))
}
