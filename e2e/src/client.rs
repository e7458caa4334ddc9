//! Calls the HTTP API as its users do, with plain requests, and takes the answer apart.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// What the API answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's text.
    pub text: String,
    /// The body, if it is JSON; else `null`.
    pub body: Value,
}

impl Reply {
    /// Returns the reply if it has this status.
    ///
    /// # Panics
    ///
    /// With the whole reply, if it has another one.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The `code` of a problem document.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The `field` of a problem document.
    #[must_use]
    pub fn field(&self) -> &str {
        self.body["field"].as_str().unwrap_or_default()
    }
}

/// Somebody who calls the API with one bearer token.
#[derive(Debug, Clone)]
pub struct Caller {
    client: Client,
    base: String,
    token: Option<String>,
    /// What it gives as `X-Account-Id`.
    account: Option<String>,
}

/// An endpoint that the API has just created.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Its id.
    pub id: String,
    /// Its signing secret.
    pub secret: String,
    /// The whole answer.
    pub body: Value,
}

/// What the API answered to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The event's id.
    pub id: String,
    /// How many endpoints get it.
    pub deliveries: u64,
}

impl Caller {
    /// A caller with this token, or with none.
    #[must_use]
    pub fn new(base: &str, token: Option<&str>) -> Self {
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            base: base.to_owned(),
            token: token.map(str::to_owned),
            account: None,
        }
    }

    /// The same caller, who reaches the API by another address.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// The same caller, who names an account in the header of each request.
    #[must_use]
    pub fn for_account(&self, account: &str) -> Self {
        Self {
            account: Some(account.to_owned()),
            ..self.clone()
        }
    }

    /// Begins a request with the token; complete it and give it to [`Self::send`].
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match &self.account {
            Some(account) => request.header("x-account-id", account),
            None => request,
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// When the API can't be reached or the connection breaks.
    pub async fn try_send(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply {
            status,
            headers,
            text,
            body,
        })
    }

    /// Sends a request, and panics if no answer comes.
    pub async fn send(request: reqwest::RequestBuilder) -> Reply {
        Self::try_send(request).await.expect("an answer of the API")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        Self::send(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        Self::send(self.request(Method::PUT, path).json(body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        Self::send(self.request(Method::PATCH, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        Self::send(self.request(Method::DELETE, path)).await
    }

    /// Creates an endpoint.
    pub async fn create_endpoint(&self, url: &str, events: &[&str]) -> NewEndpoint {
        let wanted = json!({"url": url, "events": events});
        let reply = self.post("/api/webhooks-config", &wanted).await.expect(201);
        NewEndpoint {
            id: reply.body["id"].as_str().unwrap().to_owned(),
            secret: reply.body["secret"].as_str().unwrap().to_owned(),
            body: reply.body,
        }
    }

    /// Makes a key of the account, and gives back its text.
    pub async fn create_api_key(&self, scopes: &[&str]) -> String {
        let wanted = json!({"name": "of a test", "scopes": scopes});
        let reply = self.post("/api/api-keys", &wanted).await.expect(201);
        reply.body["key"].as_str().unwrap().to_owned()
    }

    /// Makes a portal session for an account, as the backend.
    pub async fn create_portal_session(&self, account: &str, access: &str) -> Value {
        let wanted = json!({"accountId": account, "access": access});
        self.post("/api/portal-sessions", &wanted).await.expect(201).body
    }

    /// Reads one endpoint.
    pub async fn endpoint(&self, id: &str) -> Value {
        self.get(&format!("/api/webhooks-config/{id}"))
            .await
            .expect(200)
            .body
    }

    /// Toggles an endpoint, as the dashboard does.
    pub async fn toggle(&self, id: &str) -> Value {
        self.patch("/api/webhooks-config", &json!({"id": id}))
            .await
            .expect(200)
            .body
    }

    /// Removes an endpoint.
    pub async fn remove_endpoint(&self, id: &str) {
        let path = format!("/api/webhooks-config?id={id}");
        assert_eq!(self.delete(&path).await.expect(204).text, "");
    }

    /// Pushes an event of a chatbot.
    pub async fn push(&self, account: &str, event: &str, data: Value) -> Pushed {
        let event = json!({"accountId": account, "event": event, "chatbotId": "bot_1", "data": data});
        Pushed::read(&self.post("/api/events", &event).await.expect(202).body)
    }

    /// Pushes many events at once.
    pub async fn push_batch(&self, events: &[Value]) -> Vec<Pushed> {
        let reply = self
            .post("/api/events/batch", &json!({"events": events}))
            .await
            .expect(202);
        reply.body["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(Pushed::read)
            .collect()
    }
}

impl Pushed {
    fn read(body: &Value) -> Self {
        Self {
            id: body["id"]
                .as_str()
                .unwrap_or_else(|| panic!("no id in {body}"))
                .to_owned(),
            deliveries: body["deliveries"]
                .as_u64()
                .unwrap_or_else(|| panic!("no deliveries in {body}")),
        }
    }
}
