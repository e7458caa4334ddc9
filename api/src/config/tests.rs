use super::*;
use program::config::one_sentence;
use store::server::AckDurability;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn config(arguments: &[&str]) -> Result<Config, String> {
    Config::try_parse_from([&["webhooks-api", "--secrets-key", KEY], arguments].concat())
        .map_err(|error| one_sentence(&error))
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let config = config(&[]).unwrap();
    assert_eq!(config.server.api_listen.to_string(), "127.0.0.1:3000");
    let allowance = config.allowance.allowance();
    assert_eq!((allowance.payload_bytes, allowance.endpoints), (262_144, 100));
    assert_eq!(allowance.budgets.account_bytes, 1 << 30);
    assert_eq!(allowance.budgets.parked_bytes, 256 << 20);
    assert_eq!(config.durability.ack_durability, AckDurability::Aof);
    assert!(config.auth.service_keys.is_empty());
}

#[test]
fn a_wrong_value_stops_the_start_with_one_sentence() {
    let hash = "a".repeat(64);
    let twice = format!("a:{hash},a:{hash}");
    for (arguments, sentence) in [
        (
            ["--redis-url", "http://x"],
            "REDIS_URL: must be redis://host:port or rediss://host:port",
        ),
        (["--shards", "257"], "SHARDS: 257 is not in 1..=256"),
        (
            ["--store-id", "not one word"],
            "STORE_ID: must be 1 to 64 letters, digits, `-` or `_`; `webhooksctl store id` makes one",
        ),
        (
            ["--api-listen", "3000"],
            "API_LISTEN: `3000` is not an address and port",
        ),
        (
            ["--max-payload-bytes", "1"],
            "MAX_PAYLOAD_BYTES: must be from 1KiB to 2MiB",
        ),
        (
            ["--max-payload-bytes", "lots"],
            "MAX_PAYLOAD_BYTES: `lots` is not a size",
        ),
        (
            ["--max-endpoints-per-account", "0"],
            "MAX_ENDPOINTS_PER_ACCOUNT: 0 is not in",
        ),
        (["--account-budget-bytes", "1TB"], "ACCOUNT_BUDGET_BYTES: "),
        (
            ["--parked-budget-bytes", "x"],
            "PARKED_BUDGET_BYTES: `x` is not a size",
        ),
        (
            ["--ack-durability", "disk"],
            "ACK_DURABILITY: must be memory, aof, or replicas:N with a number from 1 to 100",
        ),
        (
            ["--ack-durability", "replicas:0"],
            "ACK_DURABILITY: must be memory",
        ),
        (
            ["--durability-assumed", " "],
            "DURABILITY_ASSUMED: must be a sentence",
        ),
        (
            ["--cors-origins", "*"],
            "CORS_ORIGINS: `*` is not an origin such as",
        ),
        (
            ["--portal-origins", "https://a.example/x"],
            "PORTAL_ORIGINS: `https://a.example/x` is not an origin such as",
        ),
        (
            ["--portal-origins", "https://*.a.example"],
            "PORTAL_ORIGINS: `https://*.a.example` must have a host name",
        ),
        (
            ["--service-keys", "abc"],
            "SERVICE_KEYS: entry 1 must be `id:sha256hex`",
        ),
        (
            ["--service-keys", "@/no/such/file"],
            "SERVICE_KEYS: the file `/no/such/file` can't be read",
        ),
        (
            ["--service-keys", &twice],
            "SERVICE_KEYS: the id `a` is there twice",
        ),
    ] {
        let reason = config(&arguments).map(|_| ()).expect_err(sentence);
        assert!(reason.starts_with(sentence) && !reason.contains('\n'), "{reason}");
    }
}

#[test]
fn a_wrong_key_source_is_refused_with_the_variable() {
    for (arguments, sentence) in [
        (
            vec![],
            "CLERK_JWT_KEY, CLERK_JWKS_URL: one of the two must be set",
        ),
        (
            vec!["--clerk-jwt-key", ""],
            "CLERK_JWT_KEY, CLERK_JWKS_URL: one of the two must be set",
        ),
        (
            vec!["--clerk-jwt-key", "x", "--clerk-jwks-url", "y"],
            "CLERK_JWT_KEY, CLERK_JWKS_URL: only one",
        ),
        (
            vec!["--clerk-jwt-key", "hunter2"],
            "CLERK_JWT_KEY: must be an RSA public key",
        ),
        (
            vec!["--clerk-jwt-key", "@/no/such/file"],
            "CLERK_JWT_KEY: the file `/no/such/file` can't be read",
        ),
        (
            vec![
                "--clerk-jwt-key",
                "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----",
            ],
            "CLERK_JWT_KEY: must be an RSA public key",
        ),
        (
            vec!["--clerk-jwks-url", "ftp://x/"],
            "CLERK_JWKS_URL: must be a URL",
        ),
        (vec!["--clerk-jwks-url", "clerk"], "CLERK_JWKS_URL: must be a URL"),
        (
            vec!["--clerk-jwks-url", "http://127.0.0.1:1/jwks.json"],
            "CLERK_JWKS_URL: must start with https:// unless ALLOW_HTTP is set",
        ),
    ] {
        let reason = config(&arguments)
            .unwrap()
            .auth
            .session_verifier(false)
            .expect_err(sentence);
        assert!(
            reason.starts_with(sentence) && !reason.contains("hunter2") && !reason.contains('\n'),
            "{reason}"
        );
    }
    let arguments = [
        "--clerk-jwks-url",
        "https://x.clerk.accounts.dev/.well-known/jwks.json",
    ];
    assert!(config(&arguments).unwrap().auth.session_verifier(false).is_ok());
    let local = ["--clerk-jwks-url", "http://127.0.0.1:1/jwks.json"];
    assert!(config(&local).unwrap().auth.session_verifier(true).is_ok());
}

#[test]
fn clerk_or_another_issuer_is_configured_and_not_both() {
    let issuer = ["--oidc-issuer", "https://login.example.com/realms/acme"];
    for (arguments, sentence) in [
        (
            &["--clerk-jwt-key", "x"][..],
            "OIDC_ISSUER, CLERK_JWT_KEY: only one of the two may be set",
        ),
        (
            &["--clerk-require-azp", "true"],
            "OIDC_ISSUER, CLERK_REQUIRE_AZP: only one",
        ),
        (
            &["--clerk-write-roles", "admin"],
            "OIDC_ISSUER, CLERK_WRITE_ROLES: only one",
        ),
        (
            &["--clerk-publishable-key", "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"],
            "OIDC_ISSUER, CLERK_PUBLISHABLE_KEY: only one",
        ),
    ] {
        let both = [&issuer[..], arguments].concat();
        let reason = config(&both).unwrap().auth.session_verifier(true).unwrap_err();
        assert!(reason.starts_with(sentence), "{reason}");
    }
    for (arguments, sentence) in [
        (["--oidc-issuer", "login"], "OIDC_ISSUER: must be a URL"),
        (
            ["--oidc-issuer", "https://a.example/?x=1"],
            "OIDC_ISSUER: must be a URL",
        ),
        (
            ["--oidc-issuer", "http://a.example"],
            "OIDC_ISSUER: must start with https:// unless ALLOW_HTTP is set",
        ),
        (
            ["--oidc-audience", "webhooks"],
            "OIDC_AUDIENCE: needs OIDC_ISSUER",
        ),
        (
            ["--oidc-write-roles", "admin"],
            "OIDC_WRITE_ROLES: needs OIDC_ISSUER",
        ),
    ] {
        let reason = config(&arguments)
            .unwrap()
            .auth
            .session_verifier(false)
            .unwrap_err();
        assert!(reason.starts_with(sentence), "{reason}");
    }
    assert!(config(&["--oidc-account-claim", ""]).is_err());
    assert!(config(&issuer).unwrap().auth.session_verifier(false).is_ok());
    let local = ["--oidc-issuer", "http://127.0.0.1:1"];
    assert!(config(&local).unwrap().auth.session_verifier(true).is_ok());
}

#[test]
fn what_the_dashboard_needs_is_refused_with_the_variable() {
    for (arguments, sentence) in [
        (
            ["--clerk-publishable-key", "pk_live_clerk"],
            "CLERK_PUBLISHABLE_KEY: must be a publishable key of Clerk",
        ),
        (
            ["--portal-origins", "http://a.example"],
            "PORTAL_ORIGINS: `http://a.example` must start with https:// unless",
        ),
    ] {
        let config = config(&arguments).unwrap();
        let key = config.auth.clerk_publishable_key.as_deref();
        let reason = config.server.settings(key, false).unwrap_err();
        assert!(reason.starts_with(sentence) && !reason.contains('\n'), "{reason}");
    }
}

/// The worst that can be printed of it.
#[test]
fn a_panic_that_prints_the_configuration_shows_no_secret() {
    let hash = "a".repeat(64);
    let keys = format!("backend:{hash}");
    let arguments = [
        "--redis-url",
        "redis://me:hunter2@localhost:1",
        "--service-keys",
        &keys,
    ];
    let failed = || config(&arguments).map_or(Ok(()), |config| Err(Box::new(config)));
    let panic = std::panic::catch_unwind(|| failed().unwrap()).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("api_listen"), "{text}");
    for secret in ["hunter2", KEY, &hash] {
        assert!(!text.contains(secret), "{text}");
    }
}
