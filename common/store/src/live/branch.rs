//! One of the logs that are read.

use domain::id::AccountId;

use crate::log::{EntryId, RawEntry};

/// For how many looks a log that had something is read each time.
const WARM: u16 = 40;

/// One of the logs.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) account: Option<AccountId>,
    /// What stands up to here was read, or left out.
    pub(super) after: EntryId,
    /// For how many looks it is read each time.
    pub(super) warm: u16,
    /// How many entries the log had got in all when it ended at this place, and how many behind it were read since.
    pub(super) mark: Option<Mark>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    place: EntryId,
    added: u64,
    read: u64,
}

impl Branch {
    pub(super) const fn new(account: Option<AccountId>, after: EntryId) -> Self {
        Self {
            account,
            after,
            warm: 0,
            mark: None,
        }
    }

    /// It is read each time for a while.
    pub(super) const fn warm_up(&mut self) {
        self.warm = WARM;
    }

    /// Takes in what was read.
    pub(super) fn take_in(&mut self, entries: &[RawEntry]) {
        self.warm = self.warm.saturating_sub(1);
        let Some(last) = entries.last() else { return };
        self.after = last.id;
        self.warm_up();
        if let Some(mark) = &mut self.mark {
            let behind = entries.iter().filter(|entry| entry.id > mark.place);
            mark.read += behind.count() as u64;
        }
    }

    /// The log ends there, and has got so many entries in all.
    pub(super) const fn mark_at(&mut self, place: EntryId, added: u64) {
        self.mark = Some(Mark {
            place,
            added,
            read: 0,
        });
    }

    /// Goes on behind the log's end. Answers how many entries that leaves out, and whether there may have been more.
    pub(super) fn skip_to(&mut self, end: EntryId, added: u64) -> (u64, bool) {
        let (count, is_lower_bound) = match self.mark {
            Some(mark) => (
                added.saturating_sub(mark.added).saturating_sub(mark.read),
                self.after < mark.place,
            ),
            None => (u64::from(self.after < end), self.after < end),
        };
        self.after = self.after.max(end);
        self.mark_at(end, added);
        (count, is_lower_bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> EntryId {
        text.parse().unwrap()
    }

    fn entry(id: &str) -> RawEntry {
        RawEntry {
            id: place(id),
            content: None,
        }
    }

    #[test]
    fn what_is_left_out_is_counted_once_the_log_was_measured() {
        let mut branch = Branch::new(None, place("10-0"));
        branch.take_in(&[entry("11-0"), entry("12-0")]);
        // It is at 12, and the log ends at 20 with 100 entries: how many stand between is not known.
        assert_eq!(branch.skip_to(place("20-0"), 100), (1, true));
        branch.take_in(&[entry("21-0"), entry("21-1")]);
        assert_eq!(branch.skip_to(place("30-0"), 110), (8, false));
        assert_eq!(branch.after, place("30-0"));
        // What was measured ahead counts from where it was measured.
        branch.mark_at(place("40-0"), 120);
        branch.take_in(&[entry("31-0"), entry("41-0")]);
        assert_eq!(branch.skip_to(place("50-0"), 125), (4, false));
    }

    #[test]
    fn who_is_quiet_cools_down() {
        let mut branch = Branch::new(None, place("10-0"));
        branch.take_in(&[entry("11-0")]);
        for _ in 0..WARM {
            assert!(branch.warm > 0);
            branch.take_in(&[]);
        }
        assert_eq!(branch.warm, 0);
    }
}
