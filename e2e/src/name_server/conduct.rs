//! What a name server does wrong when it is asked for a name.

use std::time::Duration;

use super::{AAAA, kind_of};

/// How the server answers questions about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conduct {
    /// As it should.
    #[default]
    Good,
    /// Never.
    Silent,
    /// Never when asked for IPv6.
    SilentForIpv6,
    /// After this long.
    Late(Duration),
    /// With a failure of its own (SERVFAIL).
    Fails,
    /// It refuses to (REFUSED).
    Refuses,
    /// First with another id and address, then as it should.
    WrongId,
    /// First about another name, then as it should.
    OtherName,
    /// First with noise, then as it should.
    Noise,
    /// Over UDP only with a beginning: the answer is to be had over TCP.
    Truncated,
}

impl Conduct {
    /// What is sent in answer to a query, one after the other, and how long after it, if `good` is what it should be.
    pub(super) fn answers(self, query: &[u8], good: Vec<u8>) -> (Duration, Vec<Vec<u8>>) {
        let answers = match self {
            Self::Silent => vec![],
            Self::SilentForIpv6 if kind_of(query) == Some(AAAA) => vec![],
            Self::Late(delay) => return (delay, vec![good]),
            Self::WrongId => vec![changed(&good, 0, 0x55), good],
            // Another first letter.
            Self::OtherName => vec![changed(&good, 13, 1), good],
            Self::Noise => vec![b"noise".to_vec(), good[..15].to_vec(), good],
            // An answer that has nothing but the bit that says so.
            Self::Truncated => vec![changed(query, 2, 0x82)],
            Self::Good | Self::SilentForIpv6 | Self::Fails | Self::Refuses => vec![good],
        };
        (Duration::ZERO, answers)
    }
}

/// The bytes with one of them changed by these bits.
fn changed(bytes: &[u8], at: usize, bits: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= bits;
    changed
}
