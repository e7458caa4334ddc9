//! The backend in an account's name: `manage` keys, and the header `X-Account-Id`, which is never ignored.
//!
//! Proves (security): The backend in an account's name

use e2e::client::Caller;
use e2e::system::{MANAGE_KEY, SERVICE_KEY, System};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::documented::calls::calls;
use crate::fixture::{ENDPOINTS, api, assert_refused, everything, refuses};
use crate::tenancy::answer;

const URL: &str = "http://127.0.0.1:9000/";

fn named(caller: &Caller, method: Method, path: &str, account: &str) -> RequestBuilder {
    caller.request(method, path).header("x-account-id", account)
}

#[tokio::test]
async fn a_manage_key_does_for_an_account_what_its_people_do() {
    let mut system = api().await;
    // Both spellings of an account mean the same.
    for account in ["org_2test", "org:org_2test"] {
        let made = system.manager_of(account).create_endpoint(URL, &["*"]).await;
        assert_eq!(made.body["createdBy"], "service:owner");
    }
    let (manager, customer) = (system.manager_of("org_2test"), system.customer());
    assert_eq!(
        customer.get(ENDPOINTS).await.expect(200).body["endpoints"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let id = customer.create_endpoint(URL, &["*"]).await.id;
    let changed = manager
        .patch(&format!("{ENDPOINTS}/{id}"), &json!({"description": "theirs"}))
        .await;
    let changed = changed.expect(200).body;
    assert_eq!(
        (&changed["createdBy"], &changed["updatedBy"]),
        (&json!("user_2test"), &json!("service:owner"))
    );
    let rotated = manager
        .post(&format!("{ENDPOINTS}/{id}/rotate-secret"), &json!({}))
        .await;
    let _reply = rotated.expect(200);
    // It makes keys for the account, and pushes events, too.
    let key = manager.create_api_key(&["endpoints:read"]).await;
    let listed = system.caller(&key).get(ENDPOINTS).await.expect(200);
    assert_eq!(listed.body["endpoints"].as_array().unwrap().len(), 3);
    let pushed = system
        .caller(MANAGE_KEY)
        .push(system.account(), "lead.captured", json!({}))
        .await;
    assert_eq!(pushed.deliveries, 3);
    // Another account is another account.
    let other = system.manager_of("org_2other");
    assert_eq!(
        other.get(ENDPOINTS).await.expect(200).body["endpoints"],
        json!([])
    );
    let _reply = other.get(&format!("{ENDPOINTS}/{id}")).await.expect(404);
    system.stop();
}

/// At every call of the document: nobody but a `manage` key may give the header, and it has to.
#[tokio::test(flavor = "multi_thread")]
async fn the_header_is_refused_with_any_other_token_and_never_ignored() {
    let mut system = api().await;
    let key = system
        .customer()
        .create_api_key(&["endpoints:write", "deliveries:write", "replay:write"])
        .await;
    let others = [
        system.customer(),
        system.caller(&key),
        system.caller(SERVICE_KEY),
        system.portal("write").await,
    ];
    let manager = system.caller(MANAGE_KEY);
    let before = everything(&system);
    for call in calls() {
        if !call.path.starts_with("/api/") {
            continue;
        }
        let path = call.path.replace("{id}", "ep_none").replace("{deliveryId}", "x");
        let path = path.replace("{replayId}", "x").replace("{eventId}", "x");
        let expect = async |request: RequestBuilder, expected: (u16, &str), what: &str| {
            let (status, code, said) = answer(request.body("[")).await;
            assert_eq!(
                (status, code.as_str()),
                expected,
                "{} {what}: {said}",
                call.name()
            );
        };
        for (number, caller) in others.iter().enumerate() {
            // Its own account, and another.
            for account in ["org_2test", "org_2other"] {
                let request = named(caller, call.method.clone(), &path, account);
                let takes = ["clerkSession", "accountKey", "serviceKey", "portalSession"][number];
                let expected = match (call.takes(takes), takes) {
                    (true, _) | (false, "serviceKey") => (403, "account_header_not_allowed"),
                    (false, "accountKey") if !call.takes("clerkSession") => (403, "insufficient_scope"),
                    (false, "accountKey") => (403, "account_header_not_allowed"),
                    (false, "portalSession") if !call.takes("clerkSession") => {
                        (403, "not_for_portal_sessions")
                    }
                    (false, "portalSession") => (403, "account_header_not_allowed"),
                    (false, _) => (403, "wrong_token_kind"),
                };
                expect(request, expected, takes).await;
            }
        }
        if call.takes("clerkSession") {
            expect(
                manager.request(call.method.clone(), &path),
                (422, "missing_field"),
                "without",
            )
            .await;
            for wrong in ["", "acme", "org:", "org_1, org_2", "org:org_1/.."] {
                let request = named(&manager, call.method.clone(), &path, wrong);
                expect(request, (422, "invalid_account_id"), "with a wrong one").await;
            }
            let twice = named(&manager, call.method.clone(), &path, "org_1").header("x-account-id", "org_1");
            expect(twice, (422, "invalid_account_id"), "with two").await;
        } else if call.takes("serviceKey") || call.takes("manageKey") {
            // Its events, or its path, name the accounts.
            let request = named(&manager, call.method.clone(), &path, "org_1");
            expect(
                request,
                (403, "account_header_not_allowed"),
                "where something else names it",
            )
            .await;
        }
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn a_key_without_the_suffix_pushes_and_reads_nothing() {
    let mut system = api().await;
    let backend = system.backend();
    for call in calls().into_iter().filter(|call| call.takes("clerkSession")) {
        let (status, code, said) = answer(backend.request(call.method.clone(), call.path).body("[")).await;
        assert_eq!(
            (status, code.as_str()),
            (403, "wrong_token_kind"),
            "{}: {said}",
            call.name()
        );
    }
    backend.push(system.account(), "lead.captured", json!({})).await;
    // One that nobody configured is no key at all.
    let made_up = system
        .caller("whk_owner_0123456789abcdef")
        .for_account("org_2test");
    let reply = made_up.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 401, "invalid_token", "");
    system.stop();
}

/// Customers who move in keep their secrets.
#[tokio::test]
async fn a_manage_key_may_bring_the_secret_of_a_new_endpoint() {
    let (system, receiver, _) = System::start_with_hook().await;
    let manager = system.manager_of("org_2mover");
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let wanted = json!({"url": receiver.url("/moved"), "events": ["*"], "secret": secret});
    let keyed = |body: &Value| {
        let request = manager
            .request(Method::POST, ENDPOINTS)
            .header("idempotency-key", "move-1");
        request.json(body)
    };
    let made = Caller::send(keyed(&wanted)).await.expect(201).body;
    assert_eq!(made["secret"], secret);
    // The same again is the same endpoint; another secret, or none, is another request.
    assert_eq!(
        Caller::send(keyed(&wanted)).await.expect(201).body["id"],
        made["id"]
    );
    let mut other = wanted.clone();
    other["secret"] = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX".into();
    let none = json!({"url": receiver.url("/moved"), "events": ["*"]});
    for body in [&other, &none] {
        let reply = Caller::send(keyed(body)).await;
        assert_refused(&Method::POST, ENDPOINTS, &reply, 409, "idempotency_conflict", "");
    }
    system
        .backend()
        .push("org:org_2mover", "lead.captured", json!({"leadId": "clx1"}))
        .await;
    let request = receiver.wait_for_at("/moved", 1).await.remove(0);
    let parsed = domain::signing::SigningSecret::parse(secret).unwrap();
    assert_eq!(
        request.expect_header("x-rkt-signature"),
        parsed.legacy_signature(&request.body)
    );

    for (wrong, code) in [
        (json!("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "invalid_value"),
        (json!("whsec_"), "invalid_value"),
        (json!("whsec_c2hvcnQ="), "invalid_value"),
        (json!("whsec_!!!"), "invalid_value"),
        (json!(5), "invalid_type"),
    ] {
        let mut body = wanted.clone();
        body["secret"] = wrong;
        refuses(
            &manager,
            Method::POST,
            ENDPOINTS,
            body.to_string(),
            (422, code, "secret"),
        )
        .await;
    }
    // Nobody else brings one.
    let key = system.customer().create_api_key(&["endpoints:write"]).await;
    for caller in [system.customer(), system.caller(&key)] {
        let body = wanted.to_string();
        refuses(
            &caller,
            Method::POST,
            ENDPOINTS,
            body,
            (403, "insufficient_scope", "secret"),
        )
        .await;
    }
    system.finish().await;
}

/// An account that nobody may ever have is probably misspelt.
#[tokio::test]
async fn an_account_of_no_known_form_is_answered_with_a_warning() {
    let mut system = api().await;
    let strange = system.manager_of("org:acme");
    let listed = strange.get(ENDPOINTS).await.expect(200).body;
    assert_eq!(listed["warnings"][0]["code"], "unknown_account", "{listed}");
    let made = strange.create_endpoint(URL, &["*"]).await.body;
    assert_eq!(made["warnings"][0]["code"], "unknown_account", "{made}");
    // Once it has an endpoint, somebody knows it.
    for body in [
        strange.get(ENDPOINTS).await.expect(200).body,
        strange.create_endpoint(URL, &["*"]).await.body,
        system
            .manager_of("org_2new")
            .get(ENDPOINTS)
            .await
            .expect(200)
            .body,
        system.customer().get(ENDPOINTS).await.expect(200).body,
    ] {
        assert!(body.get("warnings").is_none(), "{body}");
    }
    system.stop();
}
