//! What a path of the receiver asks for.

use std::time::Duration;

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200 at once.
    Instant,
    /// 200 at once, and then the connection closes.
    Closing,
    /// 200 after a while.
    Delay(Duration),
    /// 200 after a while, for so many requests of a path at a time; the others wait for their turn.
    InTurn(usize, Duration),
    /// Never.
    Hang,
    /// This status at once.
    Fail(u16),
}

impl Answer {
    /// Of `/instant/<name>`, `/closing/<name>`, `/delay/<milliseconds>/<name>`, `/in-turn/<workers>/<milliseconds>/<name>`, `/hang/<name>` or `/fail/<status>/<name>`.
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let mode = parts.next()?;
        let mut number = || parts.next()?.parse().ok();
        let answer = match mode {
            "instant" => Self::Instant,
            "closing" => Self::Closing,
            "delay" => Self::Delay(Duration::from_millis(number()?)),
            "in-turn" => Self::InTurn(
                usize::try_from(number()?).ok().filter(|workers| *workers > 0)?,
                Duration::from_millis(number()?),
            ),
            "hang" => Self::Hang,
            "fail" => Self::Fail(
                u16::try_from(number()?)
                    .ok()
                    .filter(|status| (200..=599).contains(status))?,
            ),
            _ => return None,
        };
        parts.next().map(|_| answer)
    }
}

#[cfg(test)]
mod tests;
