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
    /// The signing secret is sealed with a key that `SECRETS_KEY` lacks. The operator has been told which endpoint's.
    #[error("the signing secret does not open")]
    Secret,
    /// The signing secret is damaged, so that no key opens it. The operator has been told which endpoint's.
    #[error("the signing secret is damaged")]
    DamagedSecret,
    /// This machine lacks memory, files or ports.
    #[error("{0}")]
    Resources(String),
    /// The proxy doesn't do its work.
    #[error("{0}")]
    Proxy(String),
    /// Our own network is down, or our resolver.
    #[error("this worker's own network is down")]
    Egress,
    /// The account's share of the look-ups was taken by others of its names.
    #[error("the account's other names took every look-up of its share")]
    Names,
    /// What is stored can't be sent, now or later.
    #[error("the stored event can't be sent: {0}")]
    Unsendable(String),
}

impl NotAttempted {
    /// Every reason to give a delivery back, as metrics name them.
    pub(crate) const GIVEN_BACK: [&'static str; 7] = [
        "late",
        "stopping",
        "secret",
        "resources",
        "proxy",
        "egress",
        "names",
    ];

    /// The name of this reason in metrics; `None` if giving the delivery back would be in vain, so that its attempt counts
    /// as crashed.
    pub(crate) const fn given_back(&self) -> Option<&'static str> {
        let [late, stopping, secret, resources, proxy, egress, names] = Self::GIVEN_BACK;
        match self {
            Self::Late => Some(late),
            Self::Stopping => Some(stopping),
            Self::Secret | Self::DamagedSecret => Some(secret),
            Self::Resources(_) => Some(resources),
            Self::Proxy(_) => Some(proxy),
            Self::Egress => Some(egress),
            Self::Names => Some(names),
            Self::Unsendable(_) => None,
        }
    }

    /// The reason as the owner of an endpoint may read it. What names our machines and addresses is for the operator.
    pub(crate) const fn in_public(&self) -> &'static str {
        match self {
            Self::Late => "too little time was left",
            Self::Stopping => "the worker is stopping",
            Self::Secret | Self::DamagedSecret => "the signing secret does not open",
            Self::Resources(_) => "the worker lacks resources",
            Self::Proxy(_) | Self::Egress => "our own network is down",
            Self::Names => "the account's other names took every look-up of its share",
            Self::Unsendable(_) => "the event can't be sent",
        }
    }

    /// What this worker lacked; `None` if another delivery may fare better all the same.
    pub(crate) const fn lacks(&self) -> Option<Need> {
        match self {
            Self::Secret => Some(Need::Keys),
            Self::Resources(_) => Some(Need::Resources),
            Self::Proxy(_) => Some(Need::Proxy),
            Self::Egress => Some(Need::Network),
            Self::Late | Self::Stopping | Self::DamagedSecret | Self::Names | Self::Unsendable(_) => None,
        }
    }
}

/// What a worker needs to do its work, whoever it delivers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The keys that open signing secrets.
    Keys,
    /// The proxy, if there is one.
    Proxy,
    /// Memory, files, ports.
    Resources,
    /// A network in which receivers can be found.
    Network,
}

impl Need {
    /// Every need.
    pub(crate) const ALL: [Self; 4] = [Self::Keys, Self::Proxy, Self::Resources, Self::Network];

    /// The name in metrics and logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Proxy => "proxy",
            Self::Resources => "resources",
            Self::Network => "network",
        }
    }

    /// What is wrong without it, and what an operator does about that.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::Keys => "no signing secret opens: give this worker the SECRETS_KEY that the API has",
            Self::Proxy => {
                "nothing goes through EGRESS_PROXY: look whether it runs, and allows CONNECT to addresses"
            }
            Self::Resources => {
                "this machine lacks memory, files or ports: raise its limits, or lower WORKER_CONCURRENCY"
            }
            Self::Network => "no receiver can be reached: look at this machine's DNS, routes and firewall",
        }
    }

    /// The needs that an attempt was met in, by how it failed, if it did.
    pub(crate) const fn met_by(failure: Option<Failure>) -> &'static [Self] {
        match failure {
            None | Some(Failure::Status | Failure::Redirect | Failure::Gone) => &Self::ALL,
            // The proxy, if there is one, was asked and worked.
            Some(Failure::Timeout | Failure::Connect | Failure::Tls | Failure::Protocol) => {
                &[Self::Keys, Self::Proxy, Self::Resources]
            }
            Some(Failure::Dns) => &[Self::Keys],
            Some(Failure::BlockedAddress | Failure::Url) => &[],
        }
    }
}
