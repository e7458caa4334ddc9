use poem::http::StatusCode;
use poem::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap};

use super::*;
use crate::server::{ServerArgs, Settings};

/// `clerk.example.com$`.
const LIVE_KEY: &str = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k";

const STRICT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// The settings with this publishable key and these origins.
fn read(key: &str, origins: &str, allow_http: bool) -> Result<Settings, String> {
    #[derive(Debug, clap::Parser)]
    struct Program {
        #[command(flatten)]
        server: ServerArgs,
    }
    let parsed = <Program as clap::Parser>::try_parse_from(["x", "--portal-origins", origins]);
    parsed
        .map_err(|error| program::config::one_sentence(&error))?
        .server
        .settings(Some(key), allow_http)
}

fn dashboard(key: &str, origins: &str) -> Dashboard {
    dashboard_with(key, origins, &HeaderPrefix::default())
}

fn dashboard_with(key: &str, origins: &str, prefix: &HeaderPrefix) -> Dashboard {
    let settings = read(key, origins, false).unwrap();
    Dashboard::new(
        settings.publishable_key.as_ref(),
        &settings.portal_origins,
        prefix,
    )
}

fn ask(dashboard: &Dashboard, path: &str) -> Response {
    let request = Request::builder().uri(path.parse().unwrap()).finish();
    dashboard.answer(&request)
}

fn policy(headers: &HeaderMap) -> &str {
    headers[CONTENT_SECURITY_POLICY].to_str().unwrap()
}

#[test]
fn without_clerk_the_pages_get_nothing_from_elsewhere() {
    let dashboard = dashboard("", "");
    for path in ["/dashboard", "/dashboard/embed"] {
        assert_eq!(policy(ask(&dashboard, path).headers()), STRICT, "{path}");
    }
}

#[test]
fn with_clerk_the_page_may_load_what_clerk_documents_and_the_framed_one_nothing_of_it() {
    let dashboard = dashboard(LIVE_KEY, "");
    assert_eq!(
        policy(ask(&dashboard, "/dashboard/endpoints").headers()),
        "default-src 'none'; script-src 'self' https://clerk.example.com https://challenges.cloudflare.com; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data: https://img.clerk.com; font-src 'self'; \
         connect-src 'self' https://clerk.example.com; worker-src 'self' blob:; frame-src https://challenges.cloudflare.com; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    assert_eq!(policy(ask(&dashboard, "/dashboard/embed").headers()), STRICT);
}

#[test]
fn only_the_embedded_page_may_be_framed_and_by_the_configured_origins_alone() {
    let origins = "https://app.example.com, https://b.example:8443,http://localhost:5173";
    let dashboard = dashboard(LIVE_KEY, origins);
    let framed = STRICT.replace(
        "frame-ancestors 'none'",
        "frame-ancestors https://app.example.com https://b.example:8443 http://localhost:5173",
    );
    for path in [
        "/dashboard/embed",
        "/dashboard/embed/",
        "/dashboard/embed/endpoints",
    ] {
        assert_eq!(policy(ask(&dashboard, path).headers()), framed, "{path}");
    }
    for path in [
        "/dashboard",
        "/dashboard/",
        "/dashboard/embedded",
        "/dashboard/x/embed",
    ] {
        let response = ask(&dashboard, path);
        assert!(
            policy(response.headers()).contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
}

/// The data of the block on a page.
async fn block(dashboard: &Dashboard, path: &str) -> (String, Value) {
    let html = ask(dashboard, path).into_body().into_string().await.unwrap();
    let start = files::SETTINGS_BLOCK.split("{}").next().unwrap();
    let data = html
        .split_once(start)
        .unwrap()
        .1
        .split_once("</script>")
        .unwrap()
        .0;
    (data.to_owned(), serde_json::from_str(data).unwrap())
}

#[tokio::test]
async fn both_pages_are_told_how_they_are_configured() {
    let dashboard = dashboard(LIVE_KEY, "https://app.example.com");
    for path in ["/dashboard", "/dashboard/embed"] {
        let (_, data) = block(&dashboard, path).await;
        let expected = json!({
            "clerkPublishableKey": LIVE_KEY, "portalOrigins": ["https://app.example.com"], "headerPrefix": "X-RKT-",
        });
        assert_eq!(data, expected, "{path}");
    }
    let bare = dashboard_with("", "", &"X-Acme".parse().unwrap());
    let (_, data) = block(&bare, "/dashboard").await;
    let expected = json!({"clerkPublishableKey": null, "portalOrigins": [], "headerPrefix": "X-Acme-"});
    assert_eq!(data, expected);
}

/// Whatever may come into the settings one day.
#[test]
fn what_is_in_the_block_cannot_end_it() {
    let data = json!({"key": "</script><!-- &amp;"});
    let text = in_block(&data);
    assert!(!text.contains(['<', '>', '&']), "{text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), data);
}

#[tokio::test]
async fn every_asset_is_served_for_ever_with_its_type() {
    let dashboard = dashboard("", "");
    assert!(!files::ASSETS.is_empty());
    for (name, bytes) in files::ASSETS {
        let content_type =
            content_type(name).unwrap_or_else(|| panic!("{name}: CONTENT_TYPES doesn't have it"));
        let response = ask(&dashboard, &format!("/dashboard/assets/{name}"));
        assert_eq!(response.headers()[CONTENT_TYPE], content_type, "{name}");
        assert_eq!(
            response.headers()[CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        let body = response.into_body().into_bytes().await.unwrap();
        assert_eq!(body.as_ptr(), bytes.as_ptr(), "{name}: the bytes are shared");
        assert_eq!(body.len(), bytes.len());
    }
    for unknown in ["", "/", "/nothing.js", "/../index.html", "/%61pp.js"] {
        let response = ask(&dashboard, &format!("/dashboard/assets{unknown}"));
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{unknown}");
        assert_eq!(response.content_type(), Some("application/problem+json"));
    }
}

/// A page that names a file which isn't there would stay empty.
#[test]
fn whatever_the_pages_load_is_there() {
    for html in [files::INDEX, files::EMBED] {
        let mut loaded = 0;
        for rest in html.split("\"/dashboard/assets/").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(files::ASSETS.iter().any(|(known, _)| *known == name), "{name}");
            loaded += 1;
        }
        assert!(loaded > 0, "{html}");
    }
}

#[test]
fn the_publishable_key_names_a_host() {
    for (key, host) in [
        (LIVE_KEY, "clerk.example.com"),
        (
            "pk_test_Z29vZC1jYXQtMS5jbGVyay5hY2NvdW50cy5kZXYk",
            "good-cat-1.clerk.accounts.dev",
        ),
        ("pk_live_Y2xlcmsuYS5leGFtcGxlJA==", "clerk.a.example"),
        ("pk_live_Y2xlcmsuYS5leGFtcGxlJA", "clerk.a.example"),
    ] {
        let settings = read(key, "", false).unwrap();
        assert_eq!(settings.publishable_key.unwrap().frontend_api(), host);
    }
    for key in ["", " "] {
        assert_eq!(read(key, "", false).unwrap().publishable_key, None);
    }
    let encoded = |text: &str| {
        use base64::Engine as _;
        format!("pk_live_{}", base64::prelude::BASE64_STANDARD.encode(text))
    };
    for wrong in [
        "sk_live_Y2xlcmsuZXhhbXBsZS5jb20k",
        "Y2xlcmsuZXhhbXBsZS5jb20k",
        "pk_live_",
        "pk_live_clerk.example.com$",
        "pk_live_Y2xlcmsuZXhhbXBsZS5jb20",
        &encoded("clerk.example.com"),
        &encoded("$"),
        &encoded("*.example.com$"),
        &encoded("a.example; script-src *$"),
        &encoded("a.example 'unsafe-inline'$"),
        &encoded("a.example/x$"),
        &encoded("A.example$"),
    ] {
        let reason = read(wrong, "", false).unwrap_err();
        assert!(
            reason.starts_with(
                "CLERK_PUBLISHABLE_KEY: must be a publishable key of Clerk: pk_test_ or pk_live_"
            ),
            "{wrong}: {reason}"
        );
        assert!(!reason.contains('\n'), "{reason}");
    }
}

#[test]
fn a_portal_origin_stands_for_one_place_that_nobody_can_change() {
    let many: Vec<_> = (0..51)
        .map(|number| format!("https://a{number}.example"))
        .collect();
    for (wrong, sentence) in [
        (
            "*",
            "PORTAL_ORIGINS: `*` is not an origin such as https://app.example.com",
        ),
        (
            "https://a.example/x",
            "PORTAL_ORIGINS: `https://a.example/x` is not an origin such as https://app.example.com; \
             did you mean https://a.example?",
        ),
        (
            "https://*.example.com",
            "PORTAL_ORIGINS: `https://*.example.com` must have a host name without wildcards",
        ),
        (
            "https://a.example;script-src",
            "PORTAL_ORIGINS: `https://a.example;script-src` must have a host name without wildcards",
        ),
        (
            "https://[::1]",
            "PORTAL_ORIGINS: `https://[::1]` must have a host name without wildcards",
        ),
        (
            "http://a.example",
            "PORTAL_ORIGINS: `http://a.example` must start with https:// unless it is localhost or 127.0.0.1, or \
             ALLOW_HTTP is set",
        ),
        (
            "http://localhost.evil.example",
            "PORTAL_ORIGINS: `http://localhost.evil.example` must start",
        ),
        (&many.join(","), "PORTAL_ORIGINS: must be at most 50 origins"),
    ] {
        let reason = read("", wrong, false).unwrap_err();
        assert!(reason.starts_with(sentence), "{reason}");
    }
    for good in [
        "",
        "https://a.example",
        "http://127.0.0.1:8080,http://localhost",
        &many[..50].join(","),
    ] {
        assert!(read("", good, false).is_ok(), "{good}");
    }
    assert!(read("", "http://a.example", true).is_ok());
}
