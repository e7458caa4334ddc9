//! Whose fault it is that an attempt did not succeed. A receiver's fault is a strike; any other means that there was no
//! attempt, so nobody is blamed and the delivery is as good as before.

use domain::delivery::Failure;

/// Why a request has no complete answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The receiver, its name or its network failed: a strike, with a sentence for the endpoint's owner.
    #[error("{1}")]
    Receiver(Failure, String),
    /// The receiver is not to blame.
    #[error(transparent)]
    NotAttempted(#[from] NotAttempted),
}

/// Why there was no attempt, through no fault of the receiver. Texts in it are for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAttempted {
    /// Too little of the lease was left.
    #[error("too little of the lease was left")]
    Late,
    /// The worker is stopping.
    #[error("the worker is stopping")]
    Stopping,
    /// The signing secret doesn't open. The operator has been told which endpoint's.
    #[error("the signing secret does not open")]
    Secret,
    /// This machine lacks memory, files or ports.
    #[error("{0}")]
    Resources(String),
    /// The proxy doesn't do its work.
    #[error("{0}")]
    Proxy(String),
    /// Our own network is down, or our resolver.
    #[error("this worker's own network is down")]
    Egress,
    /// What is stored can't be sent, now or later.
    #[error("the stored event can't be sent: {0}")]
    Unsendable(String),
}

impl NotAttempted {
    /// Every reason to give a delivery back, as metrics name them.
    pub(crate) const GIVEN_BACK: [&'static str; 6] =
        ["late", "stopping", "secret", "resources", "proxy", "egress"];

    /// The name of this reason in metrics; `None` if giving the delivery back would be in vain, so that its attempt counts
    /// as crashed.
    pub(crate) const fn given_back(&self) -> Option<&'static str> {
        let [late, stopping, secret, resources, proxy, egress] = Self::GIVEN_BACK;
        match self {
            Self::Late => Some(late),
            Self::Stopping => Some(stopping),
            Self::Secret => Some(secret),
            Self::Resources(_) => Some(resources),
            Self::Proxy(_) => Some(proxy),
            Self::Egress => Some(egress),
            Self::Unsendable(_) => None,
        }
    }
}
