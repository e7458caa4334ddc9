//! What is being written, and its bounds.

use super::Meter;

/// A text that is being written.
pub(super) struct Out<'a> {
    pub(super) text: String,
    most: usize,
    meter: &'a Meter<'a>,
}

impl<'a> Out<'a> {
    /// An empty one, of `most` bytes when it is finished.
    pub(super) const fn new(most: usize, meter: &'a Meter<'a>) -> Self {
        Self {
            text: String::new(),
            most,
            meter,
        }
    }

    /// Whether it has become too long, or taken too long.
    pub(super) fn is_over(&self) -> bool {
        self.text.len() > self.most || self.meter.step()
    }
}
