//! The table. A call that isn't in it can't be made by anybody; a test compares it with the document.

use domain::api_key::Subject::{Deliveries, Endpoints, Replay};
use domain::api_key::{Right, Scope, Subject};

use super::Access;

/// Every operation, by its id.
pub(super) const TABLE: &[(&str, Access)] = &[
    // What an account wants to get.
    ("listEndpoints", reads(Endpoints)),
    ("getEndpoint", reads(Endpoints)),
    ("checkEndpoint", reads(Endpoints)),
    ("verifySignature", reads(Endpoints)),
    ("listEventTypes", reads(Endpoints)),
    ("createEndpoint", writes(Endpoints)),
    ("changeEndpoint", writes(Endpoints)),
    ("changeEndpointById", writes(Endpoints)),
    ("changeEndpoints", writes(Endpoints)),
    ("removeEndpoint", writes(Endpoints)),
    ("removeEndpointById", writes(Endpoints)),
    ("sendTestEvent", writes(Endpoints)),
    ("rotateSecret", Access::People(Right::Write)),
    // What became of it.
    ("getSummary", reads(Deliveries)),
    ("listDeliveries", reads(Deliveries)),
    ("getDelivery", reads(Deliveries)),
    ("streamDeliveries", reads(Deliveries)),
    ("listAccountDeliveries", reads(Deliveries)),
    ("streamAccountDeliveries", reads(Deliveries)),
    ("getEvent", reads(Deliveries)),
    ("findEvent", reads(Deliveries)),
    ("retryEndpoint", writes(Deliveries)),
    ("eraseEvent", writes(Deliveries)),
    // Sending it again.
    ("countReplay", reads(Replay)),
    ("getReplay", reads(Replay)),
    ("replayDelivery", writes(Replay)),
    ("replayDeliveries", writes(Replay)),
    ("cancelReplay", writes(Replay)),
    // Who acts for the account.
    ("listApiKeys", Access::Owner(Right::Read)),
    ("createApiKey", Access::Owner(Right::Write)),
    ("revokeApiKey", Access::Owner(Right::Write)),
    // The backend's.
    ("pushEvent", Access::Backend),
    ("pushEvents", Access::Backend),
    ("createPortalSession", Access::Manage),
    ("revokePortalSession", Access::Manage),
    ("getAccount", Access::Manage),
    ("eraseAccount", Access::Manage),
    ("getAccountLimits", Access::Manage),
    ("setAccountLimits", Access::Manage),
    ("getAccountPause", Access::Manage),
    ("pauseAccount", Access::Manage),
    ("resumeAccount", Access::Manage),
    // The operator's.
    ("healthz", Access::Open),
    ("readyz", Access::Open),
];

/// Who may make the call with this id.
pub(crate) fn of_operation(id: &str) -> Option<Access> {
    let found = TABLE.iter().find(|(known, _)| *known == id);
    found.map(|(_, access)| *access)
}

/// The ids of all operations.
#[cfg(test)]
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(id, _)| *id)
}

const fn reads(subject: Subject) -> Access {
    Access::Account(Scope(subject, Right::Read))
}

const fn writes(subject: Subject) -> Access {
    Access::Account(Scope(subject, Right::Write))
}
