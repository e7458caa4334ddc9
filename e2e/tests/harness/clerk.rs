//! A verifier accepts the harness's tokens and key sets as Clerk's.

use e2e::clerk::{Claims, ISSUER, KeySetServer, SigningKey};
use e2e::receiver::Answer;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

async fn key_set(server: &KeySetServer) -> reqwest::Result<JwkSet> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let response = client.get(server.url()).send().await?;
    response.error_for_status()?.json().await
}

#[tokio::test]
async fn a_key_set_server_rotates_fails_and_counts() {
    let (first, second) = (SigningKey::generate("first"), SigningKey::generate("second"));
    let server = KeySetServer::start(&[&first]).await;
    assert!(key_set(&server).await.unwrap().find("second").is_none());
    server.rotate(&[&first, &second]);
    let set = key_set(&server).await.unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[ISSUER]);
    for key in [&first, &second] {
        let token = Claims::v2("user_1", Some("org_1")).sign(key);
        let jwk = DecodingKey::from_jwk(set.find(key.kid()).unwrap()).unwrap();
        let claims = decode::<Value>(&token, &jwk, &validation).unwrap().claims;
        assert_eq!(claims["o"]["id"], "org_1");
        let pem = DecodingKey::from_rsa_pem(key.public_pem().as_bytes()).unwrap();
        assert!(decode::<Value>(&token, &pem, &validation).is_ok());
    }
    server.fail(Answer::status(500));
    assert!(key_set(&server).await.is_err());
    server.work();
    assert_eq!(key_set(&server).await.unwrap().keys.len(), 2);
    assert_eq!(server.requests(), 4);
}

#[test]
fn every_claim_can_be_changed() {
    let claims = Claims::v1("user_1", Some("org_1")).with("exp", 1).without("sid");
    assert_eq!(claims.value()["exp"], 1);
    assert_eq!(claims.value()["org_id"], "org_1");
    assert!(claims.value().get("sid").is_none());
    assert!(claims.unsigned().ends_with('.'));
}
