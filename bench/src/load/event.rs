//! The events that are pushed: of an exact size, numbered, with the time at which they were to be sent.

use std::fmt::Write as _;

use bytes::Bytes;

/// What the system adds around `data` in the body that receivers get.
const AROUND_DATA: usize =
    r#"{"event":"lead.captured","chatbotId":"bot_00","timestamp":"2026-01-01T00:00:00.000Z","data":}"#.len();

/// What the events of a load are like.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    /// The accounts whose events they are, in turn.
    pub(crate) accounts: Vec<String>,
    /// The chatbots in which they happen, in turn: `bot_00`, `bot_01`, …
    pub(crate) chatbots: u32,
    /// The bytes of the body that receivers get.
    pub(crate) payload: usize,
}

/// The name of a chatbot.
pub(crate) fn chatbot(number: u32) -> String {
    format!("bot_{number:02}")
}

impl Events {
    /// Events of one account in one chatbot.
    pub(crate) fn of(account: &str, payload: usize) -> Self {
        Self {
            accounts: vec![account.to_owned()],
            chatbots: 1,
            payload,
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
            r#"{{"event":"lead.captured","chatbotId":"bot_00","timestamp":"2026-01-01T00:00:00.000Z","data":{}}}"#,
            self.data(number, sent)
        ))
    }

    fn text(&self, number: u32, sent: u64) -> String {
        let accounts = u32::try_from(self.accounts.len()).unwrap();
        let account = &self.accounts[(number % accounts) as usize];
        let chatbot = chatbot(number / accounts % self.chatbots);
        format!(
            r#"{{"accountId":"{account}","event":"lead.captured","chatbotId":"{chatbot}","data":{}}}"#,
            self.data(number, sent)
        )
    }

    fn data(&self, number: u32, sent: u64) -> String {
        let mut data = String::with_capacity(self.payload);
        write!(data, r#"{{"n":{number},"sent":{sent},"fill":""#).unwrap();
        let full = self.payload.saturating_sub(AROUND_DATA + r#""}"#.len());
        data.extend(std::iter::repeat_n('x', full.saturating_sub(data.len())));
        data.push_str(r#""}"#);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delivered_body_has_the_size_that_was_asked_for() {
        let events = Events::of("org:a", 600);
        for (number, sent) in [(0, 1), (99_999, 123_456_789_012)] {
            assert_eq!(events.delivered(number, sent).len(), 600);
        }
    }

    #[test]
    fn accounts_and_chatbots_take_turns() {
        let events = Events {
            accounts: vec!["org:a".to_owned(), "org:b".to_owned()],
            chatbots: 2,
            payload: 0,
        };
        let of = |number| {
            let event: serde_json::Value = serde_json::from_slice(&events.request(number, 5)).unwrap();
            assert_eq!(
                (&event["data"]["n"], &event["data"]["sent"]),
                (&number.into(), &5.into())
            );
            format!("{} {}", event["accountId"], event["chatbotId"])
        };
        assert_eq!(of(0), r#""org:a" "bot_00""#);
        assert_eq!(of(1), r#""org:b" "bot_00""#);
        assert_eq!(of(2), r#""org:a" "bot_01""#);
        assert_eq!(of(4), of(0));
        let batch: serde_json::Value = serde_json::from_slice(&events.batch(0..3, 5)).unwrap();
        assert_eq!(batch["events"].as_array().unwrap().len(), 3);
    }
}
