//! How often a test repeats what it does, or how much of it there is.

/// The first number, or the second one if `THOROUGH` is set: as often as shows something in CI, and as often as was promised before a
/// release.
#[must_use]
pub fn times(in_ci: usize, thorough: usize) -> usize {
    let is_thorough = std::env::var_os("THOROUGH").is_some_and(|value| !value.is_empty() && value != "0");
    if is_thorough { thorough } else { in_ci }
}
