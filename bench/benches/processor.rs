//! What a delivery costs the processor outside of Redis and the network: building the payload, opening the secret,
//! signing, reading ids.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by a panic")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::clock::Timestamp;
use domain::endpoint::{EndpointUrl, UrlPolicy};
use domain::event::{EventType, Payload};
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use domain::sealing::SecretsKeyring;
use domain::signing::SigningSecret;
use e2e::system::secrets_key;

/// `data` of about this many bytes: objects, texts, numbers and escapes, with white space, as callers send it.
fn data(bytes: usize) -> String {
    let item =
        r#"{ "messageId": "clx0001", "text": "Caf\u00e9 \"open\"?", "score": 12.50, "tags": [ "a", "b" ] }"#;
    let items = vec![item; (bytes / item.len()).max(1)];
    format!("{{ \"items\": [ {} ] }}", items.join(", "))
}

fn payloads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build a payload");
    let now = Timestamp::now();
    for (name, bytes) in [("600 B", 600), ("64 KiB", 64 << 10)] {
        let data = data(bytes);
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                Payload::build(EventType::LEAD_CAPTURED, "bot_1", now, black_box(&data), 1 << 20).unwrap()
            });
        });
    }
    group.finish();
}

fn signatures(criterion: &mut Criterion) {
    let secret = SigningSecret::generate();
    let id = EventId::new(Timestamp::now().as_millis());
    let mut group = criterion.benchmark_group("sign");
    for (name, bytes) in [("600 B", 600), ("64 KiB", 64 << 10)] {
        let body = vec![b'x'; bytes];
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("X-RKT-Signature, {name}"), |bencher| {
            bencher.iter(|| secret.legacy_signature(black_box(&body)));
        });
        group.bench_function(format!("webhook-signature, {name}"), |bencher| {
            bencher.iter(|| secret.standard_signature(id.as_str(), 1_614_265_330, black_box(&body)));
        });
    }
    group.finish();
}

fn secrets(criterion: &mut Criterion) {
    let ring: SecretsKeyring = secrets_key(7).parse().unwrap();
    let (account, endpoint): (AccountId, _) = ("org:org_1".parse().unwrap(), EndpointId::random());
    let sealed = ring.seal(&SigningSecret::generate(), &account, &endpoint);
    criterion.bench_function("open a secret", |bencher| {
        bencher.iter(|| ring.open(black_box(&sealed), &account, &endpoint).unwrap());
    });
}

fn texts(criterion: &mut Criterion) {
    let delivery = DeliveryId::of(&EventId::new(Timestamp::now().as_millis()), &EndpointId::random());
    let (delivery, policy) = (delivery.to_string(), UrlPolicy::default());
    criterion.bench_function("read a delivery's id", |bencher| {
        bencher.iter(|| black_box(&delivery).parse::<DeliveryId>().unwrap());
    });
    criterion.bench_function("read a URL", |bencher| {
        bencher.iter(|| EndpointUrl::parse(black_box("https://a.example/hook?x=1"), &policy).unwrap());
    });
}

criterion_group!(all, payloads, signatures, secrets, texts);
criterion_main!(all);
