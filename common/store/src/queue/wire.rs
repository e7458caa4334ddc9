//! How a call of `work` is written for its script, and how its answer is read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::Value;

use super::{
    AttemptRecord, Incarnation, LeaseToken, Leased, LeasedEndpoint, LeasedEvent, MAX_FETCH, MAX_REPORTS,
    Outcome, QueuePolicy, Receipt, Report, WorkReply, WorkRequest,
};
use crate::StoreError;
use crate::decode::{array, bytes, integer, next, parsed, text, unexpected};
use crate::log::phases_text;
use domain::id::DeliveryId;
use domain::sealing::SealedSecret;

/// What was finished is kept for a minute at least, so that a call whose answer was lost still finds it.
pub(crate) fn kept_for(retention: Duration) -> String {
    millis(retention.max(Duration::from_secs(60)))
}

fn millis(span: Duration) -> String {
    span.as_millis().to_string()
}

pub(super) fn work_arguments(
    incarnation: &Incarnation,
    policy: &QueuePolicy,
    request: &WorkRequest,
) -> Vec<String> {
    let fetch = u32::try_from(MAX_FETCH).unwrap_or(u32::MAX);
    let reports = &request.reports[..request.reports.len().min(MAX_REPORTS)];
    let mut arguments = vec![
        incarnation.0.clone(),
        request.sequence.to_string(),
        request.want.min(fetch).to_string(),
        request.want_slow.min(fetch).to_string(),
        request.want_bytes.to_string(),
        request.suspects.to_string(),
        millis(policy.lease),
        policy.endpoint_concurrency.to_string(),
        policy.disable_after.to_string(),
        millis(policy.disable_min_span),
        kept_for(policy.retention_succeeded),
        kept_for(policy.retention_failed),
        policy.log_length.to_string(),
        request.spare.to_string(),
        request.free.to_string(),
        request.slow_endpoints.len().to_string(),
        reports.len().to_string(),
    ];
    arguments.extend(request.slow_endpoints.iter().map(ToString::to_string));
    for report in reports {
        report_arguments(report, &mut arguments);
    }
    arguments
}

fn report_arguments(report: &Report, arguments: &mut Vec<String>) {
    arguments.extend([report.delivery.to_string(), report.token.0.clone()]);
    let mut attempted = |kind: &str, attempt: &AttemptRecord| {
        let [duration, status, error, detail, timing, headers, snippet] = log_arguments(attempt);
        arguments.extend([kind.to_owned(), report.event.clone(), duration, status, timing]);
        [error, detail, headers, snippet]
    };
    match &report.outcome {
        Outcome::Succeeded(attempt) => {
            attempted("S", attempt);
        }
        Outcome::Failed {
            attempt,
            retry_in,
            gone,
        } => {
            let rest = attempted("F", attempt);
            arguments.extend([
                retry_in.map_or_else(|| "-1".to_owned(), millis),
                u8::from(*gone).to_string(),
            ]);
            arguments.extend(rest);
        }
        Outcome::GivenBack => arguments.push("R".to_owned()),
        Outcome::Crashed => arguments.push("C".to_owned()),
    }
}

/// What the log keeps of an attempt, in the order in which scripts take it.
pub(crate) fn log_arguments(attempt: &AttemptRecord) -> [String; 7] {
    [
        millis(attempt.duration),
        attempt
            .status
            .map(|status| status.to_string())
            .unwrap_or_default(),
        attempt.error.unwrap_or_default().to_owned(),
        attempt.detail.clone(),
        phases_text(&attempt.phases),
        attempt.response_headers.clone(),
        attempt.snippet.clone(),
    ]
}

pub(super) fn work_reply(value: Value) -> Result<WorkReply, StoreError> {
    let mut answer = array(value)?.into_iter();
    let receipts = array(next(&mut answer)?)?
        .into_iter()
        .map(receipt)
        .collect::<Result<_, _>>()?;
    // What can't be read fails the leases that need it, and no others.
    let endpoints: Vec<_> = array(next(&mut answer)?)?
        .into_iter()
        .map(|value| leased_endpoint(value).ok())
        .collect();
    let events: Vec<_> = array(next(&mut answer)?)?
        .into_iter()
        .map(|value| leased_event(value).ok())
        .collect();
    let (mut leased, mut unreadable) = (Vec::new(), Vec::new());
    for value in array(next(&mut answer)?)? {
        match lease(value, &endpoints, &events)? {
            Ok(lease) => leased.push(lease),
            Err(token) => unreadable.push(token),
        }
    }
    let next_due = u64::try_from(integer(next(&mut answer)?)?)
        .ok()
        .map(Duration::from_millis);
    let more = integer(next(&mut answer)?)? == 1;
    let suspects = array(next(&mut answer)?)?
        .into_iter()
        .map(parsed)
        .collect::<Result<_, _>>()?;
    Ok(WorkReply {
        leased,
        suspects,
        unreadable,
        receipts,
        next_due,
        more,
    })
}

fn receipt(value: Value) -> Result<Receipt, StoreError> {
    match integer(value)? {
        0 => Ok(Receipt::Stale),
        1 => Ok(Receipt::Recorded),
        2 => Ok(Receipt::DisabledEndpoint),
        _ => Err(unexpected("receipt of a report")),
    }
}

pub(crate) fn leased_endpoint(value: Value) -> Result<Arc<LeasedEndpoint>, StoreError> {
    let mut values = array(value)?.into_iter();
    Ok(Arc::new(LeasedEndpoint {
        id: parsed(next(&mut values)?)?,
        account: parsed(next(&mut values)?)?,
        version: parsed(next(&mut values)?)?,
        url: text(next(&mut values)?)?,
        secret: SealedSecret::from_stored(text(next(&mut values)?)?),
        slow: integer(next(&mut values)?)? == 1,
        previous_secret: Some(text(next(&mut values)?)?)
            .filter(|secret| !secret.is_empty())
            .map(SealedSecret::from_stored),
        legacy_uses_previous: integer(next(&mut values)?)? == 1,
    }))
}

pub(crate) fn leased_event(value: Value) -> Result<Arc<LeasedEvent>, StoreError> {
    let mut values = array(value)?.into_iter();
    Ok(Arc::new(LeasedEvent {
        id: parsed(next(&mut values)?)?,
        event: text(next(&mut values)?)?,
        body: Bytes::from(bytes(next(&mut values)?)?),
    }))
}

/// A lease, or what is needed to report one whose endpoint or event could not be read.
fn lease(
    value: Value,
    endpoints: &[Option<Arc<LeasedEndpoint>>],
    events: &[Option<Arc<LeasedEvent>>],
) -> Result<Result<Leased, (DeliveryId, LeaseToken)>, StoreError> {
    let mut values = array(value)?.into_iter();
    let (delivery, token) = (parsed(next(&mut values)?)?, LeaseToken(text(next(&mut values)?)?));
    let attempt = u32::try_from(integer(next(&mut values)?)?).map_err(|_| unexpected("attempt"))?;
    let mut index = || integer(next(&mut values)?).map(|index| usize::try_from(index).unwrap_or(usize::MAX));
    let endpoint = endpoints
        .get(index()?)
        .ok_or_else(|| unexpected("endpoint of a lease"))?;
    let event = events
        .get(index()?)
        .ok_or_else(|| unexpected("event of a lease"))?;
    Ok(match (endpoint.clone(), event.clone()) {
        (Some(endpoint), Some(event)) => Ok(Leased {
            delivery,
            token,
            attempt,
            event,
            endpoint,
        }),
        _ => Err((delivery, token)),
    })
}
