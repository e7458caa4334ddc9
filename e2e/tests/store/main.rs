//! The store against a real server: each script's whole effect, its limits, and that it can be repeated.

mod accept;
mod endpoints;
mod fairness;
mod fixture;
mod keys;
mod outcomes;
mod recovery;
mod upkeep;
