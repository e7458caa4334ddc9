//! What became of an event or a delivery, in a sentence.

use domain::delivery::DeliveryState;
use store::log::{DeliveryPlace, DeliveryStory, EventStory, LoggedAttempt, UnmatchedReason};

/// What became of an event: a sentence for each of its deliveries.
pub(crate) fn of_event(story: &EventStory) -> String {
    let EventStory { id, account, .. } = story;
    if let Some(reason) = story.unmatched {
        let kind = story.event.as_deref().unwrap_or("its type");
        let why = match reason {
            UnmatchedReason::NoEndpoint => format!("{account} had no endpoint"),
            UnmatchedReason::Type => format!("no endpoint of {account} subscribed to {kind}"),
            UnmatchedReason::Filter => {
                "the endpoints that wanted it have filters that its data doesn't meet".to_owned()
            }
            UnmatchedReason::Chatbot => {
                format!("the endpoints that subscribed to {kind} were of other chatbots")
            }
            UnmatchedReason::Off => {
                "the endpoints that wanted it were switched off by their owner".to_owned()
            }
            UnmatchedReason::Limits => format!("{account} may not have events of {kind}"),
        };
        return format!("Nobody got {id}: when it was accepted, {why}.");
    }
    if let Some(at) = story.erased_at {
        return format!("{id} was erased at {at}.");
    }
    if !story.deliveries.is_empty() {
        let all: Vec<_> = story.deliveries.iter().map(of_delivery).collect();
        return all.join("\n");
    }
    match story.accepted_with {
        Some(0) => format!("{id} matched no endpoint of {account}."),
        Some(count) => format!(
            "{id} was accepted with {count} deliveries, of which nothing is kept any more: they have ended, or their endpoints were removed."
        ),
        None => format!("Nothing more is known of {id}."),
    }
}

/// What became of a delivery.
pub(crate) fn of_delivery(story: &DeliveryStory) -> String {
    let (id, endpoint) = (&story.id, story.id.endpoint());
    let state = story.endpoint_state.as_deref().unwrap_or("removed");
    let last = story.attempts.last();
    let failed = last.map_or_else(String::new, |last| {
        format!(", after attempt {}: {}", last.attempt, result(last))
    });
    let at = |time: &Option<_>| {
        time.map_or_else(String::new, |time: domain::clock::Timestamp| {
            format!(" at {time}")
        })
    };
    match &story.place {
        DeliveryPlace::InFlight { worker, until } => {
            format!(
                "{id} is in flight to {endpoint}: worker {worker} has it, and its lease expires{}.",
                at(until)
            )
        }
        DeliveryPlace::Quarantined { next } => format!(
            "{id} is quarantined: three workers that had it were lost, so it is attempted alone, next{}.",
            at(next)
        ),
        DeliveryPlace::Waiting { ahead } => {
            let ahead = ahead.map_or_else(|| "many".to_owned(), |ahead| ahead.to_string());
            format!("{id} waits for its turn at {endpoint}, behind {ahead} others{failed}.")
        }
        DeliveryPlace::Retrying { next } => format!("{id} goes to {endpoint} again{}{failed}.", at(next)),
        DeliveryPlace::Parked => format!("{id} is parked, since {endpoint} is {state}{failed}."),
        DeliveryPlace::Ended(DeliveryState::Succeeded) => match last {
            Some(last) => format!(
                "{id} was delivered to {endpoint} at {}, by attempt {}: {}.",
                last.at,
                last.attempt,
                result(last)
            ),
            None => format!("{id} was delivered to {endpoint}."),
        },
        DeliveryPlace::Ended(DeliveryState::Canceled) => format!("{id} was canceled{failed}."),
        DeliveryPlace::Ended(_) => {
            let reason = story
                .record
                .get("reason")
                .map_or_else(String::new, |reason| format!(" ({reason})"));
            format!("{id} was given up{reason}{failed}.")
        }
        DeliveryPlace::Unknown => {
            format!("Nothing is known of {id}, or no longer ({endpoint} is {state}){failed}.")
        }
    }
}

/// How an attempt went.
fn result(attempt: &LoggedAttempt) -> String {
    let status = attempt.status.map(|status| status.to_string());
    let detail = attempt.detail.clone().or_else(|| attempt.error.clone());
    let parts: Vec<_> = [status, detail].into_iter().flatten().collect();
    if parts.is_empty() {
        attempt.outcome.as_str().to_owned()
    } else {
        parts.join(", ")
    }
}
