//! Whose events an endpoint wants.

/// The most chatbots of an endpoint.
pub const MAX_CHATBOTS: usize = 50;

/// Stands around each of several ids. No id has a control character.
const MARK: char = '\n';

/// The chatbots whose events an endpoint gets, each once; all, if it names none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chatbots(Vec<String>);

impl Chatbots {
    /// These. None means all.
    #[must_use]
    pub const fn new(ids: Vec<String>) -> Self {
        Self(ids)
    }

    /// Reads the text that Redis holds: one id as it is, several with a line feed around each (`wants_chatbot` in routes.lua).
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        let ids = text.split(MARK).filter(|id| !id.is_empty());
        Self(ids.map(str::to_owned).collect())
    }

    /// The text for Redis; `None` for all.
    #[must_use]
    pub fn to_stored(&self) -> Option<String> {
        match self.0.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            several => Some(format!("{MARK}{}{MARK}", several.join("\n"))),
        }
    }

    /// The ids; none if events of all are wanted.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.0
    }

    /// The only one, if there is one.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        match self.0.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Whether events of this one are wanted.
    #[must_use]
    pub fn include(&self, id: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| wanted == id)
    }
}

/// One, or all.
impl From<Option<String>> for Chatbots {
    fn from(id: Option<String>) -> Self {
        Self(id.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_says_the_same() {
        for (ids, stored) in [
            (&[][..], None),
            (&["a,b"], Some("a,b")),
            (&["a", "b|c"], Some("\na\nb|c\n")),
        ] {
            let chatbots = Chatbots::new(ids.iter().map(|id| (*id).to_owned()).collect());
            assert_eq!(chatbots.to_stored().as_deref(), stored);
            assert_eq!(Chatbots::from_stored(stored.unwrap_or_default()), chatbots);
            assert_eq!(chatbots.include("other"), ids.is_empty());
            assert!(ids.iter().all(|id| chatbots.include(id)));
            assert_eq!(chatbots.only(), ids.first().copied().filter(|_| ids.len() == 1));
        }
    }
}
