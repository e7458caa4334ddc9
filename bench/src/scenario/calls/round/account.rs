//! Calls about a whole account: its keys, and what the backend decides about it.

use serde_json::json;

use super::Round;
use crate::scenario::calls::PARKED;

impl Round<'_> {
    pub(super) async fn api_keys(&mut self) {
        let wanted = json!({"name": "measured", "scopes": ["endpoints:read"]});
        let made = self.call("createApiKey", "POST /api/api-keys", Some(wanted));
        let made = made.await.body;
        self.call("listApiKeys", "GET /api/api-keys", None).await;
        let revoke = format!("DELETE /api/api-keys?id={}", made["id"].as_str().unwrap());
        self.call("revokeApiKey", &revoke, None).await;
    }

    pub(super) async fn portal_sessions(&mut self) {
        let path = "/api/portal-sessions";
        let wanted = json!({"accountId": PARKED, "access": "read"});
        let create = format!("POST {path}");
        let made = self
            .meter
            .call(&self.manager, "createPortalSession", &create, Some(wanted));
        let made = made.await.body;
        let revoke = format!("DELETE {path}/{}", made["id"].as_str().unwrap());
        self.meter
            .call(&self.manager, "revokePortalSession", &revoke, None)
            .await;
    }

    pub(super) async fn accounts(&mut self) {
        let (at, gone) = (format!("/api/accounts/{PARKED}"), "/api/accounts/org_2gone");
        for (name, path, body) in [
            (
                "pauseAccount",
                format!("PUT {at}/pause"),
                Some(json!({"reason": "measured"})),
            ),
            ("getAccountPause", format!("GET {at}/pause"), None),
            ("resumeAccount", format!("DELETE {at}/pause"), None),
            (
                "setAccountLimits",
                format!("PUT {at}/limits"),
                Some(json!({"endpoints": 100})),
            ),
            ("getAccountLimits", format!("GET {at}/limits"), None),
            ("eraseAccount", format!("DELETE {gone}"), None),
            ("getAccount", format!("GET {gone}"), None),
        ] {
            self.meter.call(&self.manager, name, &path, body).await;
        }
    }
}
