//! What a call asks for.

/// So few are fetched with each call while reports wait that it can't carry.
const FEW: u32 = 8;

/// What to ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) deliveries: u32,
    pub(crate) slow: u32,
    /// Slots that are free, as far as endpoints and accounts are limited by them.
    pub(crate) free: u32,
    /// Those of them that slow endpoints may take.
    pub(crate) free_slow: u32,
    pub(crate) bytes: u64,
    /// Suspects that may be held, those that are held already included.
    pub(crate) suspects: u32,
    /// Whether it may be handed something if there is nothing to do: there is room for much more.
    pub(crate) may_stand_by: bool,
}

impl Want {
    /// Nothing: the call carries reports.
    pub(super) const NOTHING: Self = Self {
        deliveries: 0,
        slow: 0,
        free: 0,
        free_slow: 0,
        bytes: 0,
        suspects: 0,
        may_stand_by: false,
    };

    /// Nothing; but if any endpoint has its turn, slow ones included, another worker is woken for it.
    pub(super) const FOR_OTHERS: Self = Self {
        slow: 1,
        ..Self::NOTHING
    };

    /// As much as may be fetched while reports pile up.
    pub(super) fn few(self) -> Self {
        Self {
            deliveries: self.deliveries.min(FEW),
            slow: self.slow.min(FEW),
            ..self
        }
    }
}
