//! What takes longer than twenty seconds.

mod again;
mod from_one_server;
mod servers;
