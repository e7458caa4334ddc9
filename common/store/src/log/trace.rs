//! What became of one event: its deliveries, or why nobody got it.

use super::{DeliverySummary, EndpointStanding, LogEntry, RawEntry, Record};
use crate::scripts::{Legible, answered, script};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::event::chatbot_of;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};

/// How many endpoints one call looks at.
const ENDPOINTS: usize = 100;

/// How many deliveries are looked for one by one, when they aren't seen at once.
const SOUGHT: usize = 20;

/// Clocks of the API and of Redis may differ: attempts of an event that isn't kept are looked for from so long before its acceptance on.
const CLOCKS_DIFFER_MS: u64 = 60_000;

/// What became of an event.
#[derive(Debug)]
pub struct EventTrace {
    /// The name of its type; `None` if nothing says it any more.
    pub event: Option<String>,
    /// Its chatbot; `None` if it has none, or nothing says it any more.
    pub chatbot: Option<String>,
    /// How many deliveries it was accepted with; `None` if that is no longer known.
    pub accepted_with: Option<u32>,
    /// Those deliveries that are still known, by endpoint. Replays and those of endpoints that were removed are not among them.
    pub deliveries: Vec<DeliverySummary>,
    /// Why nobody got it, if that is so.
    pub unmatched: Option<UnmatchedReason>,
    /// When it was erased, if it was, for a week.
    pub erased_at: Option<Timestamp>,
}

/// Why nobody got an event when it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnmatchedReason {
    /// The account had no endpoint.
    NoEndpoint,
    /// No endpoint subscribed to its type.
    Type,
    /// The endpoints that wanted it have filters that its data doesn't meet.
    Filter,
    /// The endpoints that subscribed to its type were of other chatbots.
    Chatbot,
    /// The endpoints that wanted it were switched off by their owner.
    Off,
    /// The account may not have events of its type.
    Limits,
}

script! {
    /// What is seen at once of an event's deliveries at these endpoints.
    "event_trace": AllowOom, Reads, needs [OWNER, VIEW, LOGGED, HERE];
    struct EventTraceScript<'a> {
        account: &'a AccountId,
        event: &'a EventId,
        since: u64;
        each endpoint: &'a [EndpointId]
    } -> Traced
}

pub(crate) struct Traced {
    event: Option<TracedEvent>,
    /// For each endpoint.
    deliveries: Vec<Option<(EndpointStanding, Record, Option<RawEntry>)>>,
}

struct TracedEvent {
    kind: String,
    deliveries: Legible<u32>,
    head: String,
    erased_at: Legible<Timestamp>,
}

answered! {
    Traced { event, deliveries }
    TracedEvent { kind, deliveries, head, erased_at }
}

impl Store {
    /// What became of an event of this account; `None` if nothing is known of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn trace_event(
        &self,
        account: &AccountId,
        event: &EventId,
    ) -> Result<Option<EventTrace>, StoreError> {
        let endpoints = self.endpoint_ids(account).await?;
        let packed = self.packed_event(account, event).await?;
        let since = event.time().as_millis().saturating_sub(CLOCKS_DIFFER_MS);
        let since = packed.as_ref().map_or(since, |packed| packed.event.accepted_at);
        let mut trace = EventTrace {
            event: packed.as_ref().map(|packed| packed.event.kind.clone()),
            chatbot: packed.as_ref().and_then(|packed| chatbot_of(&packed.event.body)),
            accepted_with: packed.as_ref().map(|packed| packed.event.deliveries),
            deliveries: Vec::new(),
            unmatched: None,
            erased_at: None,
        };
        let (mut unseen, mut is_kept) = (Vec::new(), packed.is_some());
        for endpoint in endpoints.chunks(ENDPOINTS) {
            let traced = self
                .call(&EventTraceScript {
                    account,
                    event,
                    since,
                    endpoint,
                })
                .await?;
            if let Some(kept) = traced.event {
                is_kept = true;
                trace.chatbot = chatbot_of(kept.head.as_bytes()).or(trace.chatbot);
                trace.event = Some(kept.kind);
                trace.erased_at = kept.erased_at.0;
                trace.accepted_with = kept.deliveries.0.or(trace.accepted_with);
            }
            for (endpoint, found) in endpoint.iter().zip(traced.deliveries) {
                let id = DeliveryId::of(event, endpoint);
                match found {
                    Some((standing, record, entry))
                        if record.exists() || record.in_flight || entry.is_some() =>
                    {
                        let last = entry.and_then(RawEntry::known).and_then(LogEntry::into_attempt);
                        trace.deliveries.push(record.summary(id, last, &standing));
                    }
                    Some(_) => unseen.push((endpoint.clone(), id)),
                    None => {}
                }
            }
        }
        self.seek(account, &mut trace, unseen, is_kept).await?;
        if trace.deliveries.is_empty() && trace.accepted_with.is_none() {
            return self.trace_unmatched(account, event).await;
        }
        Ok(Some(trace))
    }

    /// Looks for the deliveries that weren't seen at once, as long as some are missing.
    async fn seek(
        &self,
        account: &AccountId,
        trace: &mut EventTrace,
        unseen: Vec<(EndpointId, DeliveryId)>,
        is_kept: bool,
    ) -> Result<(), StoreError> {
        let wanted = |trace: &EventTrace| match trace.accepted_with {
            Some(count) => trace.deliveries.len() < usize::try_from(count).unwrap_or(usize::MAX),
            None => is_kept,
        };
        for (endpoint, id) in unseen.into_iter().take(SOUGHT) {
            if !wanted(trace) {
                break;
            }
            let found = self.get_delivery(account, &endpoint, &id).await?.flatten();
            trace.deliveries.extend(found.map(|detail| detail.summary));
        }
        let known = trace.deliveries.iter().map(|delivery| &delivery.event);
        let known = known.into_iter().find(|event| !event.is_empty()).cloned();
        trace.event = trace.event.take().or(known);
        for delivery in &mut trace.deliveries {
            if delivery.event.is_empty() {
                delivery.event = trace.event.clone().unwrap_or_default();
            }
        }
        trace
            .deliveries
            .sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
        Ok(())
    }

    /// An event that matched nobody, if it is among the last of these.
    pub(super) async fn trace_unmatched(
        &self,
        account: &AccountId,
        event: &EventId,
    ) -> Result<Option<EventTrace>, StoreError> {
        let key = self.keys().key(&format!("account:{account}:unmatched"));
        let noted: Vec<String> = self
            .query(redis::cmd("LRANGE").arg(key).arg(0).arg(-1))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
        let place = event.as_str().trim_start_matches("evt_");
        let found = noted.iter().find_map(|line| {
            let mut words = line.splitn(4, ' ');
            let is_it = words.next()? == place;
            let (reason, kind) = (UnmatchedReason::from_word(words.next()?)?, words.next()?);
            is_it.then(|| (reason, kind.to_owned(), words.next().map(str::to_owned)))
        });
        Ok(found.map(|(reason, kind, chatbot)| EventTrace {
            event: Some(kind),
            chatbot,
            accepted_with: Some(0),
            deliveries: Vec::new(),
            unmatched: Some(reason),
            erased_at: None,
        }))
    }
}

impl UnmatchedReason {
    /// By the word that the script `accept` writes.
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Self::NoEndpoint,
            "type" => Self::Type,
            "filter" => Self::Filter,
            "limits" => Self::Limits,
            "chatbot" => Self::Chatbot,
            "off" => Self::Off,
            _ => return None,
        })
    }
}
