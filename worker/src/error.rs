//! Why a worker ends by itself.

/// Why a worker ended other than by its shutdown.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// This Redis must not be used.
    #[error("{0}")]
    Refused(String),
    /// The settings don't say where it is.
    #[error(transparent)]
    Settings(#[from] store::settings::InvalidRedis),
    /// The client for receivers can't speak TLS.
    #[error("TLS can't be set up, are certificate authorities installed? {0}")]
    Tls(rustls::Error),
    /// The client for the operator's receiver can't be made.
    #[error("OPERATOR_EVENTS_URL: no client for it can be made, are certificate authorities installed? {0}")]
    Operator(reqwest::Error),
    /// The system doesn't let the worker catch signals.
    #[error("no signals: {0}")]
    Signals(std::io::Error),
    /// The client for traces can't be made.
    #[error("{0}")]
    Traces(String),
    /// The metrics can't be set up.
    #[error("the metrics can't be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A task ended that should not have.
    #[error("the task `{0}` ended unexpectedly")]
    TaskEnded(&'static str),
}
