//! The list of all scripts. Each stands beside its Rust caller; one that isn't entered here can't be called.

use super::scripts::{Assembled, Declaration, Listed, RunsAs, Script, ScriptCalls};
use super::{
    accounts, api_keys, audit, check, egress, endpoints, erasing, event_types, events, health, history,
    identity, log, mending, moving, operator_events, overview, parked, policy, portal_sessions, queue, rates,
    repair, replays, rewrap, rotation, secrets_key, server, service_keys, shards, test_events, watch,
    workers,
};

macro_rules! list {
    (
        functions: $($function:ty),+;
        scripts: $($script:ty),+ $(,)?
    ) => {
        $(impl Listed for $function {
            const RUNS_AS: RunsAs = RunsAs::Function;
        })+
        $(impl Listed for $script {
            const RUNS_AS: RunsAs = RunsAs::Script;
        })+

        fn declarations() -> Vec<Declaration> {
            vec![$(<$function as Script>::DECLARATION,)+ $(<$script as Script>::DECLARATION),+]
        }

        /// The scripts that this process has called, and how that went.
        #[must_use]
        pub fn script_calls() -> Vec<ScriptCalls> {
            let calls = [
                $(<$function as Script>::calls().seen(<$function as Script>::DECLARATION.name),)+
                $(<$script as Script>::calls().seen(<$script as Script>::DECLARATION.name)),+
            ];
            calls.into_iter().flatten().collect()
        }
    };
}

list![
    functions:
    // What is called for each event and delivery: see `scripts`.
    events::Accept<'_>,
    events::Choose<'_>,
    events::Displace<'_>,
    queue::Work<'_>;
    scripts:
    queue::UpkeepStep<'_>,
    check::CheckNote,
    workers::WorkerRegister<'_>,
    workers::WorkerLeave<'_>,
    workers::WorkerDrain<'_>,
    parked::ParkedFind<'_>,
    policy::Announcement<'_>,
    operator_events::OperatorEventNext<'_>,
    event_types::EventTypesAnnounce<'_>,
    event_types::EventTypesKeep<'_>,
    secrets_key::SecretsKeyKeep<'_>,
    egress::DestinationsNote<'_>,
    egress::OutageNote<'_>,
    egress::StrikesTakeBack<'_>,
    rates::CallCount<'_>,
    api_keys::ApiKeyCreate<'_>,
    api_keys::ApiKeyUse<'_>,
    api_keys::ApiKeyRevoke<'_>,
    portal_sessions::PortalSessionCreate<'_>,
    portal_sessions::PortalSessionUse<'_>,
    portal_sessions::PortalSessionRevoke<'_>,
    test_events::TestEventAsk<'_>,
    test_events::TestEventWithdraw<'_>,
    test_events::TestEventBegin<'_>,
    test_events::TestEventFinish<'_>,
    endpoints::EndpointCreate<'_>,
    endpoints::EndpointList<'_>,
    endpoints::EndpointUpdate<'_>,
    endpoints::EndpointRemove<'_>,
    endpoints::EndpointRetry<'_>,
    endpoints::EndpointEnable<'_>,
    endpoints::EndpointHold<'_>,
    endpoints::AccountHold<'_>,
    mending::EndpointDiscard<'_>,
    mending::EndpointRelease<'_>,
    mending::HistoryPurge<'_>,
    mending::DeliveriesCancel<'_>,
    audit::AuditNote<'_>,
    repair::RepairSum<'_>,
    repair::RepairEndpoint<'_>,
    repair::RepairFinished<'_>,
    repair::RepairMember<'_>,
    repair::RepairLifetime<'_>,
    repair::RepairShares<'_>,
    repair::RepairDelivery<'_>,
    accounts::AccountLimitsSet<'_>,
    accounts::AccountErase<'_>,
    accounts::AccountEraseStep<'_>,
    moving::AccountMoveBegin<'_>,
    moving::AccountMoveArrive<'_>,
    moving::AccountMoveClose<'_>,
    moving::AccountMoveWalk<'_>,
    moving::AccountMoveSizes<'_>,
    moving::AccountMoveSwitch<'_>,
    moving::AccountMoveOpen<'_>,
    moving::AccountMoveLeave<'_>,
    moving::AccountMoveRemove<'_>,
    moving::AccountMoveEnd<'_>,
    rotation::EndpointRotate<'_>,
    rewrap::EndpointRewrap<'_>,
    health::EndpointHealth<'_>,
    health::AccountSummary<'_>,
    history::HistoryLookup<'_>,
    log::LogPage<'_>,
    log::LogHeads<'_>,
    log::LogRecords<'_>,
    log::EventHeads<'_>,
    log::EventTraceScript<'_>,
    log::LogWaiting<'_>,
    log::DeliveryGet<'_>,
    history::HistoryFind,
    history::HistoryForestall<'_>,
    history::HistoryReplace<'_>,
    erasing::EventErase<'_>,
    erasing::LogErase<'_>,
    history::HistoryReadEvents<'_>,
    history::HistoryWriteEvents<'_>,
    history::HistoryWriteLog<'_>,
    replays::ReplayOne<'_>,
    replays::ReplayStart<'_>,
    replays::ReplayGet<'_>,
    replays::ReplayCancel<'_>,
    replays::ReplayCounting<'_>,
    replays::ReplayLook<'_>,
    replays::ReplayStep<'_>,
    server::Clock,
    identity::StoreWatch<'_>,
    identity::StoreClaim<'_>,
    shards::DirectoryEnter<'_>,
    shards::ShardsGrow<'_>,
    service_keys::ServiceKeysEnter<'_>,
    identity::StoreUpgrade<'_>,
    watch::StoreRoom,
    overview::ObserverTake<'_>,
];

/// Every script as Redis gets it, with its name: for whoever looks at scripts and doesn't run them.
#[must_use]
pub fn assembled_scripts() -> Vec<(&'static str, String)> {
    declarations()
        .iter()
        .map(|declaration| (declaration.name, Assembled::of(declaration).text))
        .collect()
}

#[cfg(test)]
mod tests;
