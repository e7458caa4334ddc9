//! Random bits, which the operating system makes.

/// 80 random bits.
pub(super) fn random_bits() -> u128 {
    let mut bytes = [0_u8; 16];
    fill_random(&mut bytes);
    u128::from_be_bytes(bytes) >> 48
}

/// Fills a buffer from the operating system's random number generator.
///
/// # Panics
///
/// When the operating system has no random numbers: nothing that we do would be safe.
pub fn fill_random(buffer: &mut [u8]) {
    #[expect(
        clippy::expect_used,
        reason = "without random numbers no id and no secret may be made"
    )]
    getrandom::fill(buffer).expect("the operating system provides random numbers");
}
