//! The calls: [`endpoints`], [`deliveries`], [`summary`], [`doctor`] and [`event_types`] for the dashboard, [`events`] for
//! the backend, [`health`] for operators.

pub mod endpoints;

pub mod deliveries;

pub mod summary;

pub mod event_types;

pub mod doctor;

pub mod events;

pub mod health;

mod attempt;

mod fields;

mod schema;

use poem_openapi::Tags;

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
