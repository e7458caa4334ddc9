//! Headers of endpoints' own: set, merged and removed in one step, and gone with the origin that they were given for.
//!
//! Proves (security): Another origin of a URL ends the headers that were given for the one before
//! Proves (guarantees): what an older program would misread is refused until none is connected

use domain::custom_headers::{CustomName, CustomValue, MAX_HEADER_BYTES, MAX_HEADERS};
use domain::endpoint::{
    Condition, Endpoint, EndpointPatch, EndpointUrl, HeadersPatch, NewEndpoint, UrlPolicy, origin_of,
};
use domain::id::EndpointId;
use domain::sealing::{HeaderPlace, SecretsKeyring};
use e2e::before;
use e2e::redis_server::RedisServer;
use store::StoreError;
use store::endpoints::{ChangeOutcome, CreateOutcome};

use crate::fixture::{Fixture, Worker, account, new_endpoint};

/// The URL of new endpoints (`new_endpoint`), and others.
const HERE: &str = "https://example.com/hook";
const PATH: &str = "https://example.com/other?x=1";
const PORT: &str = "https://example.com:8443/hook";

fn ring() -> SecretsKeyring {
    e2e::system::secrets_key(1).parse().unwrap()
}

fn name(text: &str) -> CustomName {
    CustomName::parse(text, &Default::default()).unwrap()
}

/// A change that sets (or removes) headers, sealed for an endpoint with this URL.
fn patch(id: &EndpointId, url: &str, headers: &[(&str, Option<&str>)]) -> HeadersPatch {
    let account = account();
    let place = HeaderPlace {
        account: &account,
        endpoint: id,
        origin: origin_of(url),
    };
    let sealed = headers.iter().map(|(text, value)| {
        let value = value.map(|value| CustomValue::parse(value).unwrap());
        let name = name(text);
        let sealed = value.map(|value| ring().seal_header(&name, &value, place));
        (name, sealed)
    });
    HeadersPatch {
        origin: place.origin.to_owned(),
        clears: false,
        headers: sealed.collect(),
    }
}

async fn try_change(
    fixture: &Fixture,
    id: &EndpointId,
    url: Option<&str>,
    headers: Option<HeadersPatch>,
) -> ChangeOutcome {
    let patch = EndpointPatch {
        url: url.map(|url| EndpointUrl::parse(url, &UrlPolicy::default()).unwrap()),
        headers,
        ..EndpointPatch::default()
    };
    let account = account();
    let changed = fixture
        .store
        .change_endpoint(&account, id, &patch, &Condition::Exists);
    changed.await.unwrap()
}

async fn change(
    fixture: &Fixture,
    id: &EndpointId,
    url: Option<&str>,
    headers: Option<HeadersPatch>,
) -> Endpoint {
    match try_change(fixture, id, url, headers).await {
        ChangeOutcome::Changed(endpoint) => *endpoint,
        other => panic!("not changed: {other:?}"),
    }
}

/// The headers that a worker gets with a delivery to this URL, opened.
async fn sent(fixture: &Fixture, id: &EndpointId) -> Vec<(String, String)> {
    fixture.push().await;
    let leased = fixture.fetch(&mut Worker::new(), 10).await.pop().unwrap();
    let place = HeaderPlace {
        account: &leased.endpoint.account,
        endpoint: id,
        origin: origin_of(&leased.endpoint.url),
    };
    let headers = leased.endpoint.headers.iter();
    headers
        .map(|(name, sealed)| {
            let value = ring().open_header(name, &sealed, place).unwrap();
            (name.to_owned(), value.expose().to_owned())
        })
        .collect()
}

#[tokio::test]
async fn headers_are_merged_by_name_and_sent_as_they_were_sealed() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let before = fixture.get(&id).await;
    assert!(before.headers.is_empty());
    let set = [("Authorization", Some("Bearer a")), ("x-env", Some("1"))];
    let changed = change(&fixture, &id, None, Some(patch(&id, HERE, &set))).await;
    assert_eq!(changed.headers, ["authorization", "x-env"]);
    assert_ne!(changed.tag, before.tag);
    assert!(!format!("{:?}", fixture.hash(&format!("endpoint:{id}")).await).contains("Bearer"));

    let more = [
        ("x-env", None),
        ("x-more", Some("2")),
        ("authorization", Some("Bearer b")),
        ("x-none", None),
    ];
    let changed = change(&fixture, &id, Some(PATH), Some(patch(&id, PATH, &more))).await;
    assert_eq!(changed.headers, ["authorization", "x-more"]);
    fixture.assert_sound().await;
    let headers = [("authorization", "Bearer b"), ("x-more", "2")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(sent(&fixture, &id).await, headers);

    // Nothing that is said about headers leaves them as they are.
    for headers in [None, Some(patch(&id, PATH, &[]))] {
        assert_eq!(change(&fixture, &id, None, headers).await.tag, changed.tag);
    }
    let none = HeadersPatch {
        clears: true,
        ..patch(&id, PATH, &[])
    };
    assert!(change(&fixture, &id, None, Some(none)).await.headers.is_empty());
    assert!(
        !fixture
            .hash(&format!("endpoint:{id}"))
            .await
            .contains_key("headers")
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn another_origin_ends_all_headers_that_are_not_given_anew() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let set = [("authorization", Some("Bearer a")), ("x-env", Some("1"))];
    change(&fixture, &id, None, Some(patch(&id, HERE, &set))).await;
    let stays = change(&fixture, &id, Some(PATH), None).await;
    assert_eq!(stays.headers.len(), 2, "the same origin");
    let kept = fixture.hash(&format!("endpoint:{id}")).await;

    // Values that were sealed for one origin never come to another, whoever changes the URL first.
    let outcome = try_change(&fixture, &id, None, Some(patch(&id, PORT, &set))).await;
    assert_eq!(outcome, ChangeOutcome::Moved);
    let outcome = try_change(&fixture, &id, Some(PORT), Some(patch(&id, HERE, &set))).await;
    assert_eq!(outcome, ChangeOutcome::Moved);
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, kept);

    let moved = change(
        &fixture,
        &id,
        Some(PORT),
        Some(patch(&id, PORT, &[("x-env", Some("2"))])),
    )
    .await;
    assert_eq!(moved.headers, ["x-env"]);
    assert_eq!(sent(&fixture, &id).await, [("x-env".to_owned(), "2".to_owned())]);
    for other in ["https://example.org/hook", PORT] {
        assert!(
            change(&fixture, &id, Some(other), None).await.headers.is_empty(),
            "{other}"
        );
    }
    fixture.assert_sound().await;
}

#[tokio::test]
async fn there_are_at_most_twenty_with_8_kib_together() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let names: Vec<String> = (0..=MAX_HEADERS).map(|number| format!("x-{number:02}")).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), Some("1"))).collect();
    change(&fixture, &id, None, Some(patch(&id, HERE, &all[..MAX_HEADERS]))).await;
    let kept = fixture.hash(&format!("endpoint:{id}")).await;
    let outcome = try_change(&fixture, &id, None, Some(patch(&id, HERE, &all[MAX_HEADERS..]))).await;
    assert_eq!(outcome, ChangeOutcome::TooManyHeaders);
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, kept);
    let swapped = [all[MAX_HEADERS], ("x-00", None)];
    let changed = change(&fixture, &id, None, Some(patch(&id, HERE, &swapped))).await;
    assert_eq!(changed.headers, names[1..]);

    // Each has 4 bytes of name and one of value.
    let room = MAX_HEADER_BYTES - (MAX_HEADERS - 1) * 5 - 4;
    for (length, is_too_much) in [(room, false), (room + 1, true)] {
        let value = "x".repeat(length);
        let one = patch(&id, HERE, &[("x-20", Some(&value))]);
        let outcome = try_change(&fixture, &id, None, Some(one)).await;
        assert_eq!(outcome == ChangeOutcome::TooManyHeaders, is_too_much, "{length}");
    }
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_store_in_an_older_form_takes_none() {
    let server = RedisServer::start();
    before::make_store_in(&server, "3");
    let fixture = Fixture::on(server).await;
    let id = fixture.endpoint(&["*"]).await;
    let kept = fixture.hash(&format!("endpoint:{id}")).await;
    let headers = patch(&id, HERE, &[("x-env", Some("1"))]);
    let change_to = |headers, url: Option<&str>| EndpointPatch {
        headers: Some(headers),
        url: url.map(|url| EndpointUrl::parse(url, &UrlPolicy::default()).unwrap()),
        ..EndpointPatch::default()
    };
    for url in [None, Some(PATH)] {
        let refused = fixture
            .store
            .change_endpoint(
                &account(),
                &id,
                &change_to(headers.clone(), url),
                &Condition::Exists,
            )
            .await;
        assert!(
            matches!(refused, Err(StoreError::UpgradePending(_))),
            "{refused:?}"
        );
    }
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, kept);
    // What asks for nothing new is done.
    change(
        &fixture,
        &id,
        Some(PATH),
        Some(patch(&id, PATH, &[("x-env", None)])),
    )
    .await;

    let new = new_endpoint(&account(), &["*"], None);
    let place = HeaderPlace {
        account: &new.account,
        endpoint: &new.id,
        origin: origin_of(HERE),
    };
    let (name, value) = (name("x-env"), CustomValue::parse("1").unwrap());
    let new = NewEndpoint {
        headers: [(&name, ring().seal_header(&name, &value, place))]
            .into_iter()
            .collect(),
        ..new.clone()
    };
    let refused = fixture.store.create_endpoint(&new, 10).await;
    assert!(
        matches!(refused, Err(StoreError::UpgradePending(_))),
        "{refused:?}"
    );
    assert_eq!(fixture.store.list_endpoints(&account()).await.unwrap().len(), 1);

    fixture.store.upgrade_schema().await.unwrap().unwrap();
    let made = fixture.store.create_endpoint(&new, 10).await.unwrap();
    assert!(matches!(made, CreateOutcome::Created(endpoint) if endpoint.headers == ["x-env"]));
    change(
        &fixture,
        &id,
        None,
        Some(patch(&id, PATH, &[("x-env", Some("1"))])),
    )
    .await;
    fixture.assert_sound().await;
}
