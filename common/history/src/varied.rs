//! Events and attempts as real ones are: names, ids, free text in three languages, nothing that repeats for no reason. Words are as
//! frequent as in texts (Zipf), from a vocabulary that is made of syllables.

use domain::id::{DeliveryId, EndpointId, EventId};

use crate::{Entry, FinishedEvent, Place};

/// A generator of numbers (xorshift): the same seed gives the same events.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn characters(&mut self, number: usize) -> String {
        let alphabet = b"0123456789abcdefghijklmnopqrstuvwxyz";
        (0..number)
            .map(|_| char::from(alphabet[usize::try_from(self.below(36)).unwrap()]))
            .collect()
    }

    /// A word of a language: the first ones come most often.
    fn word(&mut self, language: u64) -> String {
        let rank = (4000_f64.powf(self.below(1 << 20) as f64 / (1 << 20) as f64)) as u64;
        let mut spelling = Random::new(rank * 3 + language);
        let syllables = [
            &[
                "the", "re", "in", "o", "ti", "ly", "an", "co", "mer", "pa", "st", "ing", "con", "al", "be",
                "for",
            ][..],
            &[
                "der", "ge", "ung", "sch", "ein", "ver", "ß", "lich", "auf", "ä", "en", "te", "ü", "mit",
                "ier", "haus",
            ][..],
            &[
                "ко", "не", "ра", "то", "при", "на", "по", "ст", "ли", "во", "ть", "за", "му", "е", "да",
                "ся",
            ][..],
        ][usize::try_from(language).unwrap()];
        (0..1 + spelling.below(4).min(1 + rank / 3))
            .map(|_| spelling.pick(syllables))
            .collect()
    }

    fn text(&mut self, bytes: usize) -> String {
        let language = [0, 0, 1, 2][usize::try_from(self.below(4)).unwrap()];
        let mut text = String::new();
        while text.len() < bytes {
            text.push_str(&self.word(language));
            text.push_str(if self.below(9) == 0 { ". " } else { " " });
        }
        text
    }
}

const KINDS: [&str; 4] = [
    "message.received",
    "message.sent",
    "lead.captured",
    "ticket.updated",
];

/// An event of about 600 bytes that was accepted at `at` (ms) and delivered within some milliseconds.
pub(crate) fn event(random: &mut Random, at: u64) -> FinishedEvent {
    let kind = random.pick(&KINDS);
    let (first, last) = (random.word(0), random.word(1));
    let body = format!(
        "{{\"event\":\"{kind}\",\"chatbotId\":\"cmf{}\",\"timestamp\":\"2026-03-26T{:02}:{:02}:{:02}.{:03}Z\",\"data\":{{\"messageId\":\"clx{}\",\
         \"sessionId\":\"{}-{}\",\"visitor\":{{\"name\":\"{first} {last}\",\"email\":\"{first}.{last}{}@{}.com\",\"phone\":\"+49{}\",\
         \"locale\":\"{}\"}},\"text\":\"{}\",\"confidence\":0.{},\"channel\":\"{}\"}}}}",
        random.below(20),
        at / 3_600_000 % 24,
        at / 60_000 % 60,
        at / 1000 % 60,
        at % 1000,
        random.characters(22),
        random.characters(8),
        random.characters(12),
        random.below(100),
        random.pick(&["gmail", "example", "web", "firma", "outlook"]),
        random.below(10_000_000_000),
        random.pick(&["de-DE", "en-US", "en-GB", "ru-RU"]),
        random.text(220),
        random.below(1000),
        random.pick(&["web", "whatsapp", "messenger", "email"]),
    );
    FinishedEvent {
        id: EventId::new(at),
        finished_at: at / 1000 + 1,
        again: 0,
        kind: kind.to_owned(),
        accepted_at: at + random.below(2),
        deliveries: 1,
        charge: body.len() as u64 + 256,
        body: body.into_bytes(),
    }
}

/// The attempt that delivered an event; one of 50 failed.
pub(crate) fn entry(random: &mut Random, event: &FinishedEvent, endpoint: &EndpointId, number: u64) -> Entry {
    let ms = 3 + random.below(40);
    let place = Place {
        ms: event.accepted_at + ms,
        number,
    };
    let delivery = DeliveryId::of(&event.id, endpoint);
    let timing = match random.below(40) {
        0 => format!(
            "dns={}.{} connect=1.2 tls=3.{} firstByte={}.{}",
            ms / 9,
            ms % 10,
            ms % 7,
            ms - 1,
            random.below(10)
        ),
        _ => format!("firstByte={}.{}", ms - 1, random.below(10)),
    };
    let kind = &event.kind;
    let mut fields = Vec::new();
    let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
    if random.below(50) > 0 {
        add(
            "attempt",
            format!("{delivery} {kind} 1 succeeded {ms} 200 {timing}"),
        );
    } else {
        add(
            "attempt",
            format!("{delivery} {kind} 1 retrying {ms} 503 {timing}"),
        );
        add("error", "http_status".to_owned());
        add("detail", "the endpoint answered 503".to_owned());
        add("headers", "content-type: text/plain\nserver: nginx".to_owned());
        add("snippet", random.text(60));
    }
    Entry { place, fields }
}
