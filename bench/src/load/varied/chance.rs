//! Chance that can be repeated (SplitMix64).

/// The digits of ids.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A sequence of numbers that follows from its seed.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The sequence of this seed.
    pub(super) const fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd129_0b26_88cc_5d2d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The upper bits are as good as the lower ones, and no bound here is large enough for the remainder to matter.
        self.next() % bound
    }

    /// A rank below this one, by Zipf's law: the second comes half as often as the first, the third a third as often.
    pub(super) fn rank(&mut self, ranks: usize) -> usize {
        let even = f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "ranks are few"
        )]
        let rank = ((ranks as f64).powf(even) - 1.0) as usize;
        rank.min(ranks - 1)
    }

    /// One of these.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        let place = usize::try_from(self.below(all.len() as u64)).expect("a place in a list");
        all[place]
    }

    /// An id of so many characters, each with five bits of chance.
    pub(super) fn id(&mut self, characters: usize) -> String {
        (0..characters)
            .map(|_| char::from(DIGITS[usize::try_from(self.below(36)).expect("a digit")]))
            .collect()
    }
}
