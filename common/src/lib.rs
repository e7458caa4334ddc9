//! What the API and the worker share.
//!
//! This crate holds the words of the product as types ([`id`], [`event`], [`endpoint`], [`delivery`]), its
//! decisions as pure functions ([`retry`], [`delivery`], [`address`], [`health`]), its cryptography ([`signing`],
//! [`sealing`]), the one place that talks to Redis ([`store`]), and the connections of their HTTP servers ([`serve`]). It
//! knows no web framework, no job runner and no HTTP client: those belong to the two programs.

pub mod id;

pub mod event;

pub mod catalog;

pub mod endpoint;

pub mod delivery;

pub mod retry;

pub mod health;

pub mod signing;

pub mod doctor;

pub mod sealing;

pub mod address;

pub mod clock;

pub mod config;

pub mod telemetry;

pub mod serve;

pub mod files;

pub mod store;
