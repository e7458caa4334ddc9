//! How a call of `work` is written for its script, and how its answer is read.

use std::sync::Arc;
use std::time::Duration;

use redis::Cmd;

use super::answered::{Leases, Prospect, Receipts};
use super::line::packed;
use super::rules::Rules;
use super::{
    Incarnation, LeaseToken, Leased, LeasedEndpoint, LeasedEvent, MAX_FETCH, MAX_REPORTS, Outcome, Phases,
    Report, WorkReply, WorkRequest,
};
use crate::StoreError;
use crate::decode::unexpected;
use crate::policy::Policy;
use crate::scripts::{Argument, Legible, Record, Shape, record, script};
use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId, EventId};

script! {
    /// Records what became of leases, then hands out new ones.
    "work" = [
        "work/start", "work/lanes", "work/log", "work/succeeded", "work/failed", "work/held", "work/given_back", "work/probed",
        "work/standby", "work/reports", "work/retries", "work/leases", "work/turns", "work/suspects", "work/answer",
    ]: AllowOom, Writes, needs [STRIKES, ENABLE, RELEASES, PLACES, RECENT];
    struct Work<'a> {
        incarnation: &'a Incarnation,
        sequence: u64,
        want: u32,
        want_slow: u32,
        want_bytes: u64,
        /// How many slots are free.
        free: u32,
        /// How many slots are free for slow endpoints.
        free_slow: u32,
        /// The most suspects that the worker may hold.
        most_suspects: u32,
        /// It stands by if it leases fewer than this, and there is nothing to do.
        standby_room: u32,
        /// How many it may be handed at once.
        standby_most: u32,
        /// The call after which it was handed what came last.
        came: u64,
        /// Whether what it was handed may have been lost on its way.
        missed: bool,
        policy: Rules<'a>,
        /// A fresh id for account events.
        spare: &'a EventId;
        each slow: &'a [EndpointId];
        each report: &'a [Report]
    } -> (
        Receipts,
        Vec<Legible<Arc<LeasedEndpoint>>>,
        Vec<Legible<Arc<LeasedEvent>>>,
        Leases,
        // When something is due, and what there is already.
        Option<Duration>,
        Prospect,
        // Those of the leases that are suspects.
        Vec<DeliveryId>,
        // What Redis's own clock showed.
        Timestamp,
    )
}

record! {
    /// What became of a lease.
    struct ReportRecord<'a> {
        delivery: &'a DeliveryId,
        token: &'a LeaseToken,
    }
    enum ReportKind<'a> {
        "S" Succeeded { ms: Duration, status: Option<u16>, line: &'a str },
        "F" Failed {
            ms: Duration, status: Option<u16>, event: &'a str, timing: &'a Phases,
            retry_in: Option<Duration>, gone: bool,
            error: Option<&'a str>, detail: &'a str, headers: &'a str, snippet: &'a str, rest: Option<Duration>,
        },
        "H" Held {
            ms: Duration, status: Option<u16>, event: &'a str, timing: &'a Phases,
            retry_in: Option<Duration>, asked: Option<Duration>,
            error: Option<&'a str>, detail: &'a str, headers: &'a str, snippet: &'a str, jitter: f64,
        },
        "R" GivenBack { back_in: Duration },
        "W" Crowded {},
        "C" Crashed {},
    }
}

impl Record for Report {
    const SHAPE: Shape = ReportRecord::SHAPE;

    fn write(&self, command: &mut Cmd) {
        let event = self.event.as_str();
        let line;
        let kind = match &self.outcome {
            Outcome::Succeeded(attempt) => {
                line = packed(self, attempt, "succeeded");
                ReportKind::Succeeded {
                    ms: attempt.duration,
                    status: attempt.status,
                    line: &line,
                }
            }
            Outcome::Failed {
                attempt,
                retry_in,
                gone,
                rest,
            } => ReportKind::Failed {
                event,
                ms: attempt.duration,
                status: attempt.status,
                timing: &attempt.phases,
                retry_in: *retry_in,
                gone: *gone,
                error: attempt.error,
                detail: &attempt.detail,
                headers: &attempt.response_headers,
                snippet: &attempt.snippet,
                rest: *rest,
            },
            Outcome::Held {
                attempt,
                wait,
                retry_in,
                jitter,
            } => ReportKind::Held {
                event,
                ms: attempt.duration,
                status: attempt.status,
                timing: &attempt.phases,
                retry_in: *retry_in,
                asked: wait.filter(|wait| !wait.is_zero()),
                error: attempt.error,
                detail: &attempt.detail,
                headers: &attempt.response_headers,
                snippet: &attempt.snippet,
                jitter: jitter.clamp(0.0, 1.0),
            },
            Outcome::GivenBack { wait } => ReportKind::GivenBack { back_in: *wait },
            Outcome::Crowded => ReportKind::Crowded {},
            Outcome::Crashed => ReportKind::Crashed {},
        };
        ReportRecord {
            delivery: &self.delivery,
            token: &self.token,
            kind,
        }
        .write(command);
    }
}

impl Argument for Incarnation {
    fn write(&self, command: &mut Cmd) {
        self.0.write(command);
    }
}

impl Argument for LeaseToken {
    fn write(&self, command: &mut Cmd) {
        command.arg(self.as_str());
    }
}

impl Argument for Phases {
    fn write(&self, command: &mut Cmd) {
        self.to_string().write(command);
    }
}

impl<'a> Work<'a> {
    pub(super) fn of(incarnation: &'a Incarnation, policy: &'a Policy, request: &'a WorkRequest) -> Self {
        let most = u32::try_from(MAX_FETCH).unwrap_or(u32::MAX);
        Self {
            incarnation,
            sequence: request.sequence,
            want: request.want.min(most),
            want_slow: request.want_slow.min(most),
            want_bytes: request.want_bytes,
            free: request.free,
            free_slow: request.free_slow,
            most_suspects: request.suspects,
            standby_room: request.standby.room,
            standby_most: request.standby.most,
            came: request.standby.came,
            missed: request.standby.missed,
            policy: Rules(policy),
            spare: &request.spare,
            slow: &request.slow_endpoints,
            report: &request.reports[..request.reports.len().min(MAX_REPORTS)],
        }
    }
}

/// Gives each lease its endpoint and its event. What can't be read fails the leases that need it, and no others.
pub(super) fn reply(answer: <Work<'_> as crate::scripts::Script>::Answer) -> Result<WorkReply, StoreError> {
    let (Receipts(receipts), endpoints, events, Leases(leases), next_due, prospect, suspects, time) = answer;
    let (mut leased, mut unreadable) = (Vec::new(), Vec::new());
    for lease in leases {
        let Legible(endpoint) = endpoints
            .get(lease.endpoint)
            .ok_or_else(|| unexpected("endpoint of a lease"))?;
        let Legible(event) = events
            .get(lease.event)
            .ok_or_else(|| unexpected("event of a lease"))?;
        match (endpoint, event) {
            (Some(endpoint), Some(event)) => leased.push(Leased {
                delivery: lease.delivery,
                token: lease.token,
                attempt: lease.attempt,
                event: Arc::clone(event),
                endpoint: Arc::clone(endpoint),
            }),
            _ => unreadable.push((lease.delivery, lease.token)),
        }
    }
    Ok(WorkReply {
        leased,
        suspects,
        unreadable,
        receipts,
        next_due,
        more: prospect.more,
        awaited: prospect.awaited,
        stands_by: prospect.stands_by,
        time,
    })
}
