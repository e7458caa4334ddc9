//! How fast things go, for how long that can go on, and whether anything is lost: a line each.

use store::overview::{Balance, Outlook, Rates};

use super::Status;
use crate::table::{age, span};

impl Status {
    /// How fast things come and go.
    pub(super) fn pace(&self) -> String {
        let Some(rates) = &self.rates else {
            return "pace: not known yet".to_owned();
        };
        let Rates {
            over,
            events,
            made,
            delivered,
            ..
        } = rates;
        format!(
            "pace: {events:.1} events with {made:.1} deliveries accepted per second, {delivered:.1} delivered (over {:.1} s)",
            over.as_secs_f64()
        )
    }

    /// What could be delivered now.
    pub(super) const fn due(&self) -> u64 {
        self.totals.waiting + self.totals.in_flight
    }

    /// When that is delivered.
    pub(super) fn backlog(&self) -> String {
        let due = self.due();
        let Some(rates) = self.rates.filter(|_| due > 0) else {
            return if due == 0 {
                "backlog: none"
            } else {
                "backlog: not known yet when it is drained"
            }
            .to_owned();
        };
        let grows = rates.made - rates.ended;
        match rates.drains(due) {
            Some(left) => format!("backlog: {due}, drained in about {}", span(left.as_secs())),
            None if grows > 0.0 => format!("backlog: {due}, growing by {grows:.1} per second"),
            None => format!("backlog: {due}, neither growing nor shrinking"),
        }
    }

    /// For how long the memory lasts.
    pub(super) fn memory_left(&self) -> String {
        match self.outlook {
            Outlook::Lasts { left, over } => format!(
                "memory: lasts about {} if it grows on as in the last {}",
                span(left.as_secs()),
                span(over.as_secs())
            ),
            Outlook::Unknown => {
                "memory: not known yet for how long it lasts; workers note its use once an hour".to_owned()
            }
            Outlook::Steady => "memory: doesn't grow".to_owned(),
            Outlook::Unlimited => "memory: no limit is known, so neither is for how long it lasts".to_owned(),
        }
    }

    /// Whether anything is lost.
    pub(super) fn books(&self) -> String {
        let verdict = if self.overview.is_cut {
            "not added up: there is more than is looked at".to_owned()
        } else {
            added_up(&self.balance)
        };
        format!("lost: {verdict}; {}", self.checked())
    }

    fn checked(&self) -> String {
        let Some(checks) = self.checks.as_ref().filter(|checks| !checks.is_empty()) else {
            return "no check is known (`webhooksctl check --keep`)".to_owned();
        };
        let oldest = checks.iter().map(|check| check.at).min().unwrap_or_default();
        let ago = span(age(oldest, self.overview.now));
        match checks.iter().map(|check| check.violations).sum::<u64>() {
            0 => format!("the check of {ago} ago found nothing wrong"),
            violations => format!("the check of {ago} ago found {violations} VIOLATIONS"),
        }
    }
}

fn added_up(balance: &Balance) -> String {
    let Balance {
        made,
        delivered,
        exhausted,
        canceled,
        unfinished,
        moved,
        corrupt,
    } = balance;
    let verdict = match balance.missing() {
        _ if balance.is_even() => "nothing".to_owned(),
        missing @ 1.. if *corrupt > 0 => {
            format!("{missing} deliveries MISSING, with {corrupt} entries that could not be read")
        }
        missing @ 1.. => format!("{missing} deliveries MISSING: run `webhooksctl check`"),
        missing => format!(
            "{} deliveries TOO MANY: run `webhooksctl check`",
            missing.unsigned_abs()
        ),
    };
    let meanwhile = if *moved == 0 {
        String::new()
    } else {
        format!(", give or take {moved} that moved meanwhile")
    };
    format!(
        "{verdict} ({made} made = {delivered} delivered + {exhausted} given up + {canceled} discarded + {unfinished} unfinished{meanwhile})"
    )
}

#[cfg(test)]
mod tests;
