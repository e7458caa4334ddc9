//! The calls: [`endpoints`], [`deliveries`], [`summary`], [`doctor`] and [`event_types`] for the dashboard, [`events`] for
//! the backend, [`health`] for operators.
//!
//! Each `impl` block with calls is a [`Resource`]: it also declares what the OpenAPI document says about them. What is
//! listed in `resources!` is served and documented.

pub mod endpoints;

pub mod deliveries;

pub mod summary;

pub mod event_types;

pub mod doctor;

pub mod events;

pub mod health;

mod resource;

mod attempt;

mod fields;

mod schema;

pub(crate) use resource::Documentation;
pub use resource::{Call, Resource};

use poem_openapi::Tags;

use self::deliveries::{DeliveriesApi, ReplaysApi, StreamApi};
use self::doctor::DoctorApi;
use self::endpoints::{EndpointsApi, RotationApi, TestEventApi};
use self::event_types::EventTypesApi;
use self::events::EventsApi;
use self::health::HealthApi;
use self::summary::SummaryApi;

/// How the calls are grouped in the documentation.
#[derive(Debug, Clone, Copy, Tags)]
pub enum Group {
    /// What customers register: URLs with their subscriptions. Called by the dashboard with a session token.
    Endpoints,
    /// What became of the events that were sent to an endpoint, and sending them again. Called by the dashboard.
    Deliveries,
    /// What happened in a chatbot. Called by the backend with a service key.
    Events,
    /// For operators.
    Operations,
}

macro_rules! resources {
    ($($resource:ident),+ $(,)?) => {
        /// The types of all resources.
        pub type Resources = ($($resource),+);

        /// All resources, as poem serves them.
        pub const RESOURCES: Resources = ($($resource),+);

        /// What the OpenAPI document adds to each.
        pub(crate) const DOCUMENTATION: &[Documentation] = &[$(Documentation::of::<$resource>()),+];
    };
}

resources!(
    EndpointsApi,
    RotationApi,
    TestEventApi,
    DeliveriesApi,
    StreamApi,
    ReplaysApi,
    SummaryApi,
    DoctorApi,
    EventTypesApi,
    EventsApi,
    HealthApi,
);
