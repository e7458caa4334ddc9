//! Which faults there are, and what each touches.

/// Something that goes wrong, until the stage undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    KillWorker(usize),
    TerminateWorker(usize),
    StopWorker(usize),
    KillApi,
    TerminateApi,
    StopApi,
    KillRedis,
    RestartRedis,
    StopRedis,
    FlushScripts,
    KillClients,
    StepClock(i64),
    Link(Link, Trouble),
    Receiver(usize, Answers),
    CloseReceiver,
    SwitchOff(usize),
    Discard(usize),
    /// Nothing where no name server of our own can be.
    Name(usize, Lookups),
    Neighbour(Neighbour),
}

/// The connections to Redis of one kind of program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Link {
    Api,
    Workers,
}

/// What happens to these connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    CutAnswers(usize),
    CutRequests(usize),
    CutAll,
    Refuse,
    Delay(u64),
    Freeze,
    HalfOpen,
}

/// How an endpoint's receiver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    Failing,
    Hanging,
    Resetting,
    Gone,
    /// Allows a request a second, and says so.
    Limited,
    /// Closes each connection after its answer, without having said so.
    Forgetful,
    /// Has a header line that no standard allows.
    Odd,
    /// Takes its time.
    Slow,
}

/// What becomes of look-ups of an endpoint's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookups {
    Unanswered,
    Late,
    Failing,
}

/// Somebody who takes what all share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Neighbour {
    /// An account whose many new endpoints at one host hang.
    FreshOnesHang,
    /// An account with many names that are never answered. Nothing where no name server of our own can be.
    SilentNames,
    /// An account that is at its budget, for one endpoint that hangs beside one that doesn't.
    FullBudget,
    /// An account that has signatures of long bodies examined, again and again.
    Examinations,
    /// More clients than the API has places, which send the bytes of heads and bodies now and then.
    SlowSenders,
    /// As many that don't read what they asked for.
    SlowReaders,
}

/// What a fault touches. One round touches nothing twice.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    Worker(usize),
    Api,
    Redis,
    Link(Link),
    Endpoint(usize),
    Neighbour(Neighbour),
}

impl Fault {
    pub(super) const fn target(self) -> Target {
        match self {
            Self::KillWorker(number) | Self::TerminateWorker(number) | Self::StopWorker(number) => {
                Target::Worker(number)
            }
            Self::KillApi | Self::TerminateApi | Self::StopApi => Target::Api,
            Self::KillRedis
            | Self::RestartRedis
            | Self::StopRedis
            | Self::FlushScripts
            | Self::KillClients
            | Self::StepClock(_) => Target::Redis,
            Self::Link(link, _) => Target::Link(link),
            Self::Receiver(number, _)
            | Self::SwitchOff(number)
            | Self::Discard(number)
            | Self::Name(number, _) => Target::Endpoint(number),
            Self::Neighbour(neighbour) => Target::Neighbour(neighbour),
            Self::CloseReceiver => Target::Endpoint(usize::MAX),
        }
    }

    /// Whether receivers may get something twice because of it: the worker that sent it can't report.
    pub(crate) const fn may_duplicate(self) -> bool {
        matches!(
            self,
            Self::KillWorker(_) | Self::StopWorker(_) | Self::TerminateWorker(_)
        )
    }
}
