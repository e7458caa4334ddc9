//! What takes longer than twenty seconds.

mod again;
mod servers;
