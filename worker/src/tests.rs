//! What the tests of this crate share.

use std::sync::Arc;

use bytes::Bytes;
use domain::endpoint::UrlPolicy;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use domain::sealing::{SealedHeaders, SecretsKeyring};
use domain::signing::SigningSecret;
use store::queue::{LeaseToken, Leased, LeasedEndpoint, LeasedEvent};

use crate::backend::pool::{Capacity, Member, Pool};

/// The secret of the check vector.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The keys that seal secrets in tests.
pub(crate) fn keyring() -> SecretsKeyring {
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".parse().unwrap()
}

/// A policy that allows plain http to this machine.
pub(crate) fn development() -> UrlPolicy {
    let networks = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    UrlPolicy {
        allow_http: true,
        addresses: domain::address::AddressPolicy::new(networks),
    }
}

/// The place of a shard that is alone.
pub(crate) fn alone() -> Member {
    let capacity = Capacity {
        slots: 100,
        bytes: 1 << 20,
    };
    Pool::shared_by(1, capacity).remove(0)
}

/// A lease on the first attempt of a delivery to `url`.
pub(crate) fn leased(url: &str, body: &'static [u8]) -> Leased {
    let account: AccountId = "org:org_1".parse().unwrap();
    let (event, endpoint) = (EventId::new(1_790_000_000_000), EndpointId::random());
    let secret = keyring().seal(&SigningSecret::parse(SECRET).unwrap(), &account, &endpoint);
    Leased {
        delivery: DeliveryId::of(&event, &endpoint),
        token: LeaseToken::from_stored("token".to_owned()),
        attempt: 1,
        event: Arc::new(LeasedEvent {
            id: event,
            event: "lead.captured".to_owned(),
            body: Bytes::from_static(body),
            trace: None,
        }),
        endpoint: Arc::new(LeasedEndpoint {
            id: endpoint,
            account,
            url: url.to_owned(),
            headers: SealedHeaders::default(),
            secret,
            previous_secret: None,
            legacy_uses_previous: false,
            slow: false,
        }),
    }
}
