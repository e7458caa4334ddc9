//! Which faults come, in which order, and for how long. The seed alone decides.

mod fault;

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::time::Duration;

pub(crate) use fault::{Answers, Fault, Link, Lookups, Neighbour, Trouble};

/// How many workers and endpoints a fault can choose from.
pub(crate) const WORKERS: usize = 3;
pub(crate) const ENDPOINTS: usize = 6;

/// Faults that come together, how long they last, and how long the quiet after them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) faults: Vec<Fault>,
    pub(crate) lasts: Duration,
    pub(crate) quiet: Duration,
}

/// The rounds that follow from a seed.
#[derive(Debug)]
pub(crate) struct Plan(u64);

/// A random seed.
pub(crate) fn random_seed() -> u64 {
    std::collections::hash_map::RandomState::new().hash_one(0_u8) % 1_000_000
}

impl Plan {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `SplitMix64`: a few lines, and the same numbers on every machine.
    const fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next_number() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.next_number() % (to - from))
    }

    fn fault(&mut self) -> Fault {
        let (worker, endpoint) = (self.below(WORKERS), self.below(ENDPOINTS));
        let link = [Link::Api, Link::Workers, Link::Workers][self.below(3)];
        match self.below(34) {
            0 | 1 => Fault::KillWorker(worker),
            2 => Fault::TerminateWorker(worker),
            3 => Fault::StopWorker(worker),
            4 => Fault::KillApi,
            5 => Fault::TerminateApi,
            6 => Fault::StopApi,
            7 | 8 => Fault::KillRedis,
            9 => Fault::RestartRedis,
            10 => Fault::StopRedis,
            11 => Fault::FlushScripts,
            12 => Fault::KillClients,
            13 => Fault::StepClock([3_600_000, -3_600_000][self.below(2)]),
            14..=17 => Fault::Link(link, self.trouble()),
            18..=22 => {
                let kinds = [
                    Answers::Failing,
                    Answers::Hanging,
                    Answers::Resetting,
                    Answers::Gone,
                    Answers::Limited,
                    Answers::Forgetful,
                    Answers::Odd,
                    Answers::Slow,
                ];
                Fault::Receiver(endpoint, kinds[self.below(kinds.len())])
            }
            23 => Fault::CloseReceiver,
            24 => Fault::SwitchOff(endpoint),
            25 => Fault::Discard(endpoint),
            26 | 27 => {
                let kinds = [Lookups::Unanswered, Lookups::Late, Lookups::Failing];
                Fault::Name(endpoint, kinds[self.below(kinds.len())])
            }
            _ => Fault::Neighbour(self.neighbour()),
        }
    }

    fn neighbour(&mut self) -> Neighbour {
        let kinds = [
            Neighbour::FreshOnesHang,
            Neighbour::SilentNames,
            Neighbour::FullBudget,
            Neighbour::Examinations,
            Neighbour::SlowSenders,
            Neighbour::SlowReaders,
        ];
        kinds[self.below(kinds.len())]
    }

    fn trouble(&mut self) -> Trouble {
        match self.below(7) {
            0 => Trouble::CutAnswers(2 + self.below(10)),
            1 => Trouble::CutRequests(2 + self.below(10)),
            2 => Trouble::CutAll,
            3 => Trouble::Refuse,
            4 => Trouble::Delay(20 + self.next_number() % 300),
            5 => Trouble::Freeze,
            _ => Trouble::HalfOpen,
        }
    }
}

impl Iterator for Plan {
    type Item = Round;

    fn next(&mut self) -> Option<Round> {
        let count = [1, 1, 2, 2, 3][self.below(5)];
        let mut targets = HashSet::new();
        let mut faults = Vec::new();
        while faults.len() < count {
            let fault = self.fault();
            if targets.insert(fault.target()) {
                faults.push(fault);
            }
        }
        Some(Round {
            faults,
            lasts: self.millis(200, 6000),
            quiet: self.millis(100, 3000),
        })
    }
}

#[cfg(test)]
mod tests;
