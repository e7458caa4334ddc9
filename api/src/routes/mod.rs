//! The calls: [`endpoints`], [`deliveries`], [`summary`], [`doctor`], [`event_types`] and [`api_keys`] for the dashboard, [`events`],
//! [`portal_sessions`] and [`accounts`] for the backend, [`probes`] for operators.
//!
//! Each `impl` block with calls is a [`Resource`]: it also declares what the OpenAPI document says about them. What is
//! listed in `resources!` is served and documented.

pub mod endpoints;

pub mod deliveries;

pub mod summary;

pub mod event_types;

pub mod doctor;

pub mod api_keys;

pub mod portal_sessions;

pub mod accounts;

pub mod events;

pub mod probes;

mod resource;

mod attempt;

mod fields;

mod idempotency;

mod warning;

mod schema;

pub(crate) use resource::Documentation;
pub use resource::{Call, Resource};

use poem_openapi::Tags;

use self::accounts::{AccountErasureApi, AccountLimitsApi, AccountPauseApi};
use self::api_keys::ApiKeysApi;
use self::deliveries::{
    AccountDeliveriesApi, DeliveriesApi, ReplayCountApi, ReplayManyApi, ReplayOneApi, StreamApi,
};
use self::doctor::DoctorApi;
use self::endpoints::{CheckApi, EndpointsApi, OneEndpointApi, RetryApi, RotationApi, TestEventApi};
use self::event_types::EventTypesApi;
use self::events::{EventTraceApi, EventsApi};
use self::portal_sessions::PortalSessionsApi;
use self::probes::ProbesApi;
use self::summary::SummaryApi;

/// How the calls are grouped in the documentation.
#[derive(Debug, Clone, Copy, Tags)]
pub enum Group {
    /// The URLs that a customer registers, and the event types that each of them subscribes to. Called by the dashboard with a
    /// session token.
    Endpoints,
    /// What became of the events for an endpoint, and replaying them. Called by the dashboard with a session token.
    Deliveries,
    /// The keys that an account's own programs call with. Managed at the dashboard with a session token.
    #[oai(rename = "Keys")]
    ApiKeys,
    /// The dashboard in your own product: your backend asks for a session, and your page hands its token to the dashboard. Called with a
    /// `manage` key.
    #[oai(rename = "Portal")]
    Portal,
    /// What the backend decides about whole accounts. Called with a `manage` key.
    Accounts,
    /// Events that happened in a chatbot. Called by the backend with a service key.
    Events,
    /// For operators of the service. No token is needed.
    Operations,
}

/// poem takes 16 resources at most in one tuple, so they stand in groups.
macro_rules! resources {
    ($([$($resource:ident),+ $(,)?]),+ $(,)?) => {
        /// The types of all resources.
        pub type Resources = ($(($($resource),+)),+);

        /// All resources, as poem serves them.
        pub const RESOURCES: Resources = ($(($($resource),+)),+);

        /// What the OpenAPI document adds to each.
        pub(crate) const DOCUMENTATION: &[Documentation] = &[$($(Documentation::of::<$resource>()),+),+];
    };
}

resources!(
    [
        EndpointsApi,
        CheckApi,
        OneEndpointApi,
        RetryApi,
        RotationApi,
        TestEventApi,
    ],
    [
        DeliveriesApi,
        StreamApi,
        AccountDeliveriesApi,
        ReplayOneApi,
        ReplayManyApi,
        ReplayCountApi,
    ],
    [
        SummaryApi,
        DoctorApi,
        ApiKeysApi,
        PortalSessionsApi,
        AccountErasureApi,
        AccountLimitsApi,
        AccountPauseApi,
        EventTypesApi,
        EventsApi,
        EventTraceApi,
        ProbesApi,
    ],
);
