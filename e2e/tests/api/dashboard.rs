//! `/dashboard` as the running system serves it: which path gets what, how long it may be kept, and what browsers may do for it.
//!
//! Proves (security): The dashboard loads scripts

use std::collections::BTreeSet;

use e2e::client::{Caller, Reply};
use e2e::system::System;
use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{DOCUMENT, api};

/// `clerk.example.com$`.
const PUBLISHABLE_KEY: &str = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k";

/// Without a token: a browser has none yet.
fn browser(system: &System) -> Caller {
    Caller::new(&system.api_url(), None)
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.get(name).map(|value| value.to_str().unwrap())
}

/// The directives of a policy, each with its sources.
fn policy(reply: &Reply) -> BTreeSet<String> {
    let directives = header(reply, "content-security-policy").unwrap().split("; ");
    directives.map(str::to_owned).collect()
}

fn directives(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

/// What the pages have in common, however they are configured.
const COMMON: [&str; 5] = [
    "default-src 'none'",
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
];

/// What they have besides where nobody signs in with Clerk.
const STRICT: [&str; 5] = [
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "require-trusted-types-for 'script'",
];

/// What the page is told in its block of data.
fn settings(reply: &Reply) -> Value {
    let start = r#"<script type="application/json" id="dashboard-settings">"#;
    let (_, rest) = reply.text.split_once(start).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// The paths of the files that a page names.
fn files_of(page: &Reply) -> BTreeSet<String> {
    let path = Regex::new(r#""(/dashboard/assets/[^"]+)""#).unwrap();
    let found = path.captures_iter(&page.text);
    found.map(|found| found[1].to_owned()).collect()
}

#[tokio::test]
async fn every_path_below_it_is_the_page_and_its_files_are_kept_for_ever() {
    let mut system = api().await;
    let browser = browser(&system);
    let page = browser.get("/dashboard").await.expect(200);
    for path in [
        "/dashboard/",
        "/dashboard/endpoints",
        "/dashboard/endpoints/ep_1/deliveries/dlv_2?tab=attempts",
        "/dashboard/keys",
        "/dashboard/nothing.js",
    ] {
        let same = browser.get(path).await.expect(200);
        assert_eq!(same.text, page.text, "{path}");
    }
    assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(header(&page, "cache-control"), Some("no-cache"));
    let files = files_of(&page);
    assert!(!files.is_empty(), "{}", page.text);
    for path in &files {
        let file = browser.get(path).await.expect(200);
        let kind = header(&file, "content-type").unwrap();
        match path.rsplit('.').next().unwrap() {
            "js" => assert_eq!(kind, "text/javascript; charset=utf-8"),
            "css" => assert_eq!(kind, "text/css; charset=utf-8"),
            _ => assert!(
                ["image/", "font/", "application/"]
                    .iter()
                    .any(|start| kind.starts_with(start)),
                "{path}: {kind}"
            ),
        }
        let cache = header(&file, "cache-control");
        assert_eq!(cache, Some("public, max-age=31536000, immutable"), "{path}");
        assert_eq!(header(&file, "x-content-type-options"), Some("nosniff"));
        assert!(!file.text.is_empty());
    }
    for path in [
        "/dashboard/assets/nothing.js",
        "/dashboard/assets/",
        "/dashboard/assets/a/b",
    ] {
        let unknown = browser.get(path).await.expect(404);
        assert_eq!(unknown.code(), "not_found", "{path}");
        assert_eq!(header(&unknown, "content-type"), Some("application/problem+json"));
        assert_eq!(header(&unknown, "cache-control"), Some("no-store"));
    }
    let refused = browser.post("/dashboard/keys", &json!({})).await.expect(405);
    assert_eq!(header(&refused, "allow"), Some("GET, HEAD"));
    let documented = DOCUMENT["paths"].as_object().unwrap();
    assert!(!documented.keys().any(|path| path.starts_with("/dashboard")));
    system.stop();
}

#[tokio::test]
async fn a_page_is_compressed_asked_for_again_and_sent_once() {
    let mut system = api().await;
    let browser = browser(&system);
    let page = browser.get("/dashboard").await.expect(200);
    let file = files_of(&page)
        .into_iter()
        .find(|path| path.ends_with(".js"))
        .unwrap();
    for path in ["/dashboard", "/dashboard/embed", &file] {
        let get = async |name: &str, value: &str| {
            let request = browser.request(Method::GET, path).header(name, value);
            Caller::send(request).await
        };
        let plain = get("accept-encoding", "identity").await.expect(200);
        assert_eq!(header(&plain, "vary"), Some("accept-encoding"), "{path}");
        assert_eq!(header(&plain, "content-encoding"), None);
        let tag = header(&plain, "etag").unwrap().to_owned();
        let known = get("if-none-match", &tag).await.expect(304);
        assert!(known.text.is_empty());
        for name in [
            "etag",
            "cache-control",
            "content-security-policy",
            "referrer-policy",
        ] {
            assert_eq!(header(&known, name), header(&plain, name), "{path} {name}");
        }
        let packed = browser
            .request(Method::GET, path)
            .header("accept-encoding", "gzip");
        let packed = packed.send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
        assert_ne!(packed.headers()["etag"].to_str().unwrap(), tag);
        let packed = packed.bytes().await.unwrap();
        assert!(
            packed.starts_with(&[0x1f, 0x8b]) && packed.len() < plain.text.len(),
            "{path}"
        );

        let head = Caller::send(browser.request(Method::HEAD, path))
            .await
            .expect(200);
        assert!(head.text.is_empty());
        for name in ["content-type", "etag", "cache-control", "content-security-policy"] {
            assert_eq!(header(&head, name), header(&plain, name), "{path} {name}");
        }
    }
    system.stop();
}

#[tokio::test]
async fn without_configuration_it_loads_nothing_from_elsewhere_and_nobody_may_frame_it() {
    let mut system = api().await;
    let browser = browser(&system);
    for path in ["/dashboard", "/dashboard/embed", "/dashboard/embed/endpoints"] {
        let page = browser.get(path).await.expect(200);
        let expected = [&COMMON[..], &STRICT, &["frame-ancestors 'none'"]].concat();
        assert_eq!(policy(&page), directives(&expected), "{path}");
        assert_eq!(header(&page, "x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(header(&page, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(&page, "referrer-policy"), Some("no-referrer"));
        assert_eq!(
            settings(&page),
            json!({"clerkPublishableKey": null, "portalOrigins": [], "headerPrefix": "X-RKT-"})
        );
    }
    system.stop();
}

#[tokio::test]
async fn with_clerk_and_portals_each_page_gets_what_it_needs_and_the_rest_of_the_api_nothing() {
    let mut system = System::builder()
        .workers(0)
        .api_env("CLERK_PUBLISHABLE_KEY", PUBLISHABLE_KEY)
        .api_env("PORTAL_ORIGINS", "https://app.example.com,https://b.example:8443")
        .start()
        .await;
    let browser = browser(&system);
    let page = browser.get("/dashboard/endpoints").await.expect(200);
    let with_clerk = [
        "script-src 'self' https://clerk.example.com https://challenges.cloudflare.com",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: https://img.clerk.com",
        "connect-src 'self' https://clerk.example.com",
        "worker-src 'self' blob:",
        "frame-src https://challenges.cloudflare.com",
        "frame-ancestors 'none'",
    ];
    assert_eq!(policy(&page), directives(&[&COMMON[..], &with_clerk].concat()));
    assert_eq!(header(&page, "x-frame-options"), Some("DENY"));
    let embed = browser.get("/dashboard/embed").await.expect(200);
    let framed = "frame-ancestors https://app.example.com https://b.example:8443";
    assert_eq!(
        policy(&embed),
        directives(&[&COMMON[..], &STRICT, &[framed]].concat())
    );
    // It could name nobody, and would contradict the policy.
    assert_eq!(header(&embed, "x-frame-options"), None);
    let origins = ["https://app.example.com", "https://b.example:8443"];
    for page in [&page, &embed] {
        assert_eq!(
            settings(page),
            json!({"clerkPublishableKey": PUBLISHABLE_KEY, "portalOrigins": origins, "headerPrefix": "X-RKT-"})
        );
    }
    let mut others = vec![
        "/docs".to_owned(),
        "/errors".to_owned(),
        "/openapi.json".to_owned(),
        "/healthz".to_owned(),
        "/api/webhooks-config".to_owned(),
        "/nothing".to_owned(),
        "/dashboard/assets/nothing.js".to_owned(),
    ];
    others.extend(files_of(&embed));
    for path in &others {
        let reply = browser.get(path).await;
        assert!(policy(&reply).contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(header(&reply, "x-frame-options"), Some("DENY"), "{path}");
    }
    system.stop();
}

/// Whatever paths are asked for, there are two routes.
#[tokio::test]
async fn its_paths_make_no_series_of_their_own() {
    let mut system = api().await;
    let browser = browser(&system);
    for number in 0..3 {
        drop(
            browser
                .get(&format!("/dashboard/endpoints/ep_{number}"))
                .await
                .expect(200),
        );
        drop(
            browser
                .get(&format!("/dashboard/assets/{number}.js"))
                .await
                .expect(404),
        );
    }
    let metrics = system.api_metrics().await;
    let counted: Vec<_> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("webhooks_api_http_requests_total"))
        .filter(|line| line.contains("dashboard"))
        .collect();
    assert_eq!(
        counted,
        [
            r#"{method="GET",route="/dashboard",status="200"} 3"#,
            r#"{method="GET",route="/dashboard/assets",status="404"} 3"#,
        ]
    );
    system.stop();
}
