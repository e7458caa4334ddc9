//! The events that are pushed: of an exact size, numbered, with the time at which they were to be sent.

use std::fmt::Write as _;

use bytes::Bytes;

use super::varied;

/// What the system adds around `data` and the type in the body that receivers get.
const AROUND_DATA: usize =
    r#"{"event":"","chatbotId":"bot_00","timestamp":"2026-01-01T00:00:00.000Z","data":}"#.len();

/// The type of padded events.
const PADDED_KIND: &str = "lead.captured";

/// What the payloads of a load are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// All the same but for a number and a time, as long as they have to be.
    Padded,
    /// As real ones are.
    Varied,
}

/// What the events of a load are like.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    /// The accounts whose events they are, in turn.
    pub(crate) accounts: Vec<String>,
    /// The chatbots in which they happen, in turn: `bot_00`, `bot_01`, …
    pub(crate) chatbots: u32,
    /// The bytes of the body that receivers get.
    pub(crate) payload: usize,
    /// What stands in it.
    pub(crate) data: Data,
    /// Whether each has an idempotency key, in batches.
    pub(crate) keyed: bool,
}

/// The name of a chatbot.
pub(crate) fn chatbot(number: u32) -> String {
    format!("bot_{number:02}")
}

/// Prints varied payloads of 600 bytes as receivers get them, one a line, as they are sent at 100 a second.
pub(crate) fn print_varied(count: u32) {
    let events = Events::of("", 600).varied();
    for number in 0..count {
        let payload = events.delivered(number, u64::from(number) * 10_000);
        println!("{}", String::from_utf8_lossy(&payload));
    }
}

impl Events {
    /// Events of one account in one chatbot.
    pub(crate) fn of(account: &str, payload: usize) -> Self {
        Self {
            accounts: vec![account.to_owned()],
            chatbots: 1,
            payload,
            data: Data::Padded,
            keyed: false,
        }
    }

    /// The same with payloads that vary as real ones do.
    pub(crate) fn varied(self) -> Self {
        Self {
            data: Data::Varied,
            ..self
        }
    }

    /// Event `number` as the API takes it, to be sent at `sent`.
    pub(crate) fn request(&self, number: u32, sent: u64) -> Bytes {
        Bytes::from(self.text(number, sent))
    }

    /// Events as the API takes them at once.
    pub(crate) fn batch(&self, numbers: impl IntoIterator<Item = u32>, sent: u64) -> Bytes {
        let events: Vec<_> = numbers
            .into_iter()
            .map(|number| self.text(number, sent))
            .collect();
        Bytes::from(format!(r#"{{"events":[{}]}}"#, events.join(",")))
    }

    /// The body that a receiver would get, without the system in between.
    pub(crate) fn delivered(&self, number: u32, sent: u64) -> Bytes {
        Bytes::from(format!(
            r#"{{"event":"{}","chatbotId":"bot_00","timestamp":"2026-01-01T00:00:00.000Z","data":{}}}"#,
            self.kind(number),
            self.data(number, sent)
        ))
    }

    fn text(&self, number: u32, sent: u64) -> String {
        let accounts = u32::try_from(self.accounts.len()).unwrap();
        let account = &self.accounts[(number % accounts) as usize];
        let chatbot = chatbot(number / accounts % self.chatbots);
        format!(
            r#"{{"accountId":"{account}","event":"{}","chatbotId":"{chatbot}"{},"data":{}}}"#,
            self.kind(number),
            self.key(number),
            self.data(number, sent)
        )
    }

    fn kind(&self, number: u32) -> &'static str {
        match self.data {
            Data::Padded => PADDED_KIND,
            Data::Varied => varied::kind(number),
        }
    }

    /// The field with the idempotency key.
    fn key(&self, number: u32) -> String {
        if self.keyed {
            format!(r#","idempotencyKey":"{}""#, varied::key(number))
        } else {
            String::new()
        }
    }

    fn data(&self, number: u32, sent: u64) -> String {
        let around = AROUND_DATA + self.kind(number).len();
        if self.data == Data::Varied {
            let head = format!(r#""n":{number},"sent":{sent}"#);
            return varied::data(number, &head, self.payload.saturating_sub(around));
        }
        let mut data = String::with_capacity(self.payload);
        write!(data, r#"{{"n":{number},"sent":{sent},"fill":""#).unwrap();
        let full = self.payload.saturating_sub(around + r#""}"#.len());
        data.extend(std::iter::repeat_n('x', full.saturating_sub(data.len())));
        data.push_str(r#""}"#);
        data
    }
}

#[cfg(test)]
mod tests;
