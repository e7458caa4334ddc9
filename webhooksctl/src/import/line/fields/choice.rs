//! Which events an endpoint gets.

use std::collections::BTreeSet;

use domain::endpoint::{Chatbots, FilterCondition, Filters, MAX_CHATBOTS, MAX_CONDITIONS};
use domain::event::{MAX_CHATBOT_ID, Subscription, is_chatbot_id};
use serde_json::Value;

use super::Fields;

impl Fields {
    pub(in super::super) fn events(&mut self, types: &BTreeSet<String>) -> Option<Vec<Subscription>> {
        let names = self.texts("events").unwrap_or_default();
        if names.is_empty() {
            self.fault(
                "events",
                "Give at least one event type in `events`, or `*` for all.",
            );
            return None;
        }
        let mut found = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let field = format!("events[{place}]");
            let known = name.parse::<Subscription>().ok();
            let known = known.filter(|known| !matches!(known, Subscription::Only(_)) || types.contains(name));
            match known {
                // Without a list of those that there are: a file may have as many faults as lines.
                None => self.fault(
                    &field,
                    "There is no such event type: the API's `GET /api/event-types` lists those that there are.",
                ),
                Some(known) if found.contains(&known) => {
                    self.fault(&field, format!("`{known}` is there twice: give it once."));
                }
                Some(known) => found.push(known),
            }
        }
        Some(found)
    }

    pub(in super::super) fn chatbots(&mut self) -> Chatbots {
        let (one, several) = (self.text("chatbotId"), self.texts("chatbotIds"));
        if one.is_some() && several.is_some() {
            self.fault("chatbotIds", "Give `chatbotId` or `chatbotIds`, not both.");
        }
        if several
            .as_ref()
            .is_some_and(|ids| !(1..=MAX_CHATBOTS).contains(&ids.len()))
        {
            self.fault(
                "chatbotIds",
                format!("Give from 1 to {MAX_CHATBOTS} chatbots in `chatbotIds`, or `null` for all."),
            );
        }
        let ids: Vec<_> = several.unwrap_or_default().into_iter().chain(one).collect();
        for (place, id) in ids.iter().enumerate() {
            let field = format!("chatbotIds[{place}]");
            if !is_chatbot_id(id) {
                self.fault(
                    &field,
                    format!(
                        "A chatbot's id has 1 to {MAX_CHATBOT_ID} characters, and no control characters."
                    ),
                );
            } else if ids[..place].contains(id) {
                self.fault(&field, "This chatbot is there twice: give it once.");
            }
        }
        Chatbots::new(ids)
    }

    pub(in super::super) fn filters(&mut self) -> Filters {
        let given = match self.take("filters") {
            None => return Filters::default(),
            Some(Value::Array(given)) => given,
            Some(_) => {
                self.fault("filters", "`filters` must be a list.");
                return Filters::default();
            }
        };
        if given.len() > MAX_CONDITIONS {
            self.fault(
                "filters",
                format!("Give at most {MAX_CONDITIONS} conditions in `filters`."),
            );
        }
        let mut conditions = Vec::new();
        for (place, filter) in given.into_iter().enumerate() {
            let has_one_test = filter.as_object().is_some_and(|fields| fields.len() == 2);
            match serde_json::from_value::<FilterCondition>(filter) {
                Ok(condition) if has_one_test => conditions.push(condition),
                _ => self.fault(
                    &format!("filters[{place}]"),
                    "Give exactly one of `equals`, `in`, `exists` and `prefix` with each `pointer`.",
                ),
            }
        }
        Filters::new(conditions).unwrap_or_else(|wrong| {
            for fault in wrong {
                let field = format!("filters[{}].{}", fault.place, fault.field);
                self.fault(&field, format!("`{}` {}.", fault.field, fault.reason));
            }
            Filters::default()
        })
    }
}
