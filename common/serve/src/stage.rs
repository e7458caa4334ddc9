//! How far a server has come towards its end.

/// What the server has come to. It only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Serving,
    /// Everybody is served, and told that the connection ends with the answer: the next request goes elsewhere.
    Leaving,
    /// Whatever is idle is closed. Who has only just connected may still ask once.
    Stopping,
}
