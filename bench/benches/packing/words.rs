//! Texts of about 500 bytes that compress as texts of people do, more or less: to a third.

/// A sequence of texts, always the same.
pub(crate) struct Words {
    state: u64,
}

/// How many words there are. A language has more, and uses few of them often.
const WORDS: u64 = 3000;

impl Words {
    pub(crate) const fn new() -> Self {
        Self { state: 7 }
    }

    fn next(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }

    /// The next text.
    pub(crate) fn text(&mut self) -> String {
        let (mut text, long) = (String::new(), 300 + self.next() % 400);
        while (text.len() as u64) < long {
            let often = 1 + self.next() % WORDS;
            let word = self.next() % often;
            let letters = 3 + word % 6;
            for at in 0..letters {
                let letter = (word.wrapping_mul(2_654_435_761) >> (5 * at)) % 26;
                text.push(char::from(b'a' + u8::try_from(letter).unwrap_or(0)));
            }
            text.push(' ');
        }
        text
    }
}
