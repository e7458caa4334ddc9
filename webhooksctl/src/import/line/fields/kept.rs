//! What an endpoint brings along: its state, its secret, and headers of its own.

use domain::custom_headers::{
    CustomName, CustomValue, MAX_HEADER_BYTES, MAX_HEADER_NAME, MAX_HEADERS, NameError,
};
use domain::header_names::HeaderPrefix;
use domain::signing::SigningSecret;
use serde_json::Value;

use super::super::State;
use super::Fields;

impl Fields {
    /// As the API says it (`active`), or as exports do. What failures have disabled begins anew, and what is gone stays off.
    pub(in super::super) fn state(&mut self) -> State {
        let (active, state) = (self.flag("active"), self.text("state"));
        let reason = self.text("disabledReason");
        match (active, state.as_deref()) {
            (Some(_), Some(_)) => {
                self.fault("state", "Give `state` or `active`, not both.");
                State::Off
            }
            (Some(false), _) | (_, Some("off")) => State::Off,
            (_, Some("disabled")) if reason.as_deref() == Some("gone") => State::Off,
            (_, Some("paused")) => State::Paused,
            (_, None | Some("active" | "disabled")) => State::Active,
            (_, Some(_)) => {
                self.fault(
                    "state",
                    "`state` must be `active`, `paused`, `off` or `disabled`.",
                );
                State::Off
            }
        }
    }

    pub(in super::super) fn headers(
        &mut self,
        ours: &HeaderPrefix,
        without: bool,
    ) -> Vec<(CustomName, CustomValue)> {
        if self.texts("headerNames").is_some_and(|names| !names.is_empty()) && !without {
            self.fault(
                "headers",
                "The values of its headers are missing: export with --secrets, or add --without-secrets.",
            );
        }
        let given = match self.take("headers") {
            None => return Vec::new(),
            Some(Value::Object(given)) => given,
            Some(_) => {
                self.fault("headers", "`headers` must be an object: a value for each name.");
                return Vec::new();
            }
        };
        let mut read: Vec<(CustomName, CustomValue)> = Vec::new();
        for (name, value) in &given {
            let shown: String = name.chars().take(MAX_HEADER_NAME).collect();
            let field = format!("headers.{shown}");
            let value = value.as_str().and_then(|value| CustomValue::parse(value).ok());
            if value.is_none() {
                self.fault(
                    &field,
                    "A header's value is visible ASCII, with spaces and tabs within it.",
                );
            }
            match CustomName::parse(name, ours) {
                Err(error) => self.fault(&field, name_fault(error)),
                Ok(name) if read.iter().any(|(known, _)| *known == name) => {
                    self.fault(
                        &field,
                        "It is there twice: names are the same in upper and lower case.",
                    );
                }
                Ok(name) => read.extend(value.map(|value| (name, value))),
            }
        }
        let bytes: usize = read
            .iter()
            .map(|(name, value)| name.as_str().len() + value.expose().len())
            .sum();
        if given.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
            self.fault(
                "headers",
                format!("Give at most {MAX_HEADERS} headers, with {MAX_HEADER_BYTES} bytes together."),
            );
        }
        read
    }

    pub(in super::super) fn secret(&mut self, without: bool) -> Option<SigningSecret> {
        let Some(text) = self.text("secret") else {
            if !without {
                self.fault("secret", "Its signing secret is missing: export with --secrets, or add --without-secrets, and it gets a new one.");
            }
            return None;
        };
        let secret = SigningSecret::parse(&text).ok();
        if secret.is_none() {
            self.fault(
                "secret",
                "Give the secret as `whsec_` and standard base64 of 24 to 64 bytes.",
            );
        }
        secret
    }
}

fn name_fault(error: NameError) -> &'static str {
    match error {
        NameError::Form => "This is not the name of a header. Give letters, digits and dashes.",
        NameError::Connection => "It belongs to the connection, or says where a request goes.",
        NameError::Ours => "It is one of those that the service sends itself.",
        NameError::Forwarded => "With it proxies tell whom they stand for.",
    }
}
