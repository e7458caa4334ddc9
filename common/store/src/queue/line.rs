//! An attempt in one line.

use super::{AttemptRecord, Report};

/// An attempt as it stands in the log (see [`crate::log`]), written out here since Redis's time is worth more than a worker's.
pub(super) fn packed(report: &Report, attempt: &AttemptRecord, outcome: &str) -> String {
    let AttemptRecord {
        status,
        duration,
        phases,
        ..
    } = attempt;
    let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let mut line = format!(
        "{} {} {} {outcome} {} {status} {phases}",
        report.delivery,
        if report.event.is_empty() {
            "-"
        } else {
            &report.event
        },
        report.token.attempt(),
        duration.as_millis(),
    );
    if line.ends_with(' ') {
        line.push('-');
    }
    line
}

#[cfg(test)]
mod tests;
