//! Who is told what happens to accounts.

use std::str::FromStr;

use clap::Args;
use domain::signing::{InvalidSecret, SigningSecret};
use program::config::read_value;
use reqwest::Url;

use crate::operator_events::{OperatorReceiver, ReceiverUrl};

/// Who is told what happens to accounts, so that somebody hears of it.
#[derive(Debug, Clone, Args)]
pub struct OperatorArgs {
    /// Your own URL that gets events about all accounts: endpoints that fail, are disabled or held, deliveries that are given up or will
    /// be, accounts near their budget. Plain http and private addresses are allowed; each event is sent until it gets a 2xx.
    #[arg(long, env, default_value = "", value_parser = operator_url, hide_env_values = true)]
    pub operator_events_url: OperatorUrl,

    /// What signs them, `whsec_…` as an endpoint's secret, or `@` and the path of a file with it.
    #[arg(long, env, default_value = "", value_parser = read_value::<OperatorSecret>, hide_env_values = true)]
    pub operator_events_secret: OperatorSecret,
}

/// The operator's URL, if there is one.
#[derive(Debug, Clone, Default)]
pub struct OperatorUrl(pub Option<ReceiverUrl>);

fn operator_url(text: &str) -> Result<OperatorUrl, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(OperatorUrl(None));
    }
    let url: Url = text.parse().map_err(|_| "is not a URL".to_owned())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(OperatorUrl(Some(ReceiverUrl(url))))
    } else {
        Err("must begin with http:// or https://".to_owned())
    }
}

/// The secret that signs what the operator gets, if there is one.
#[derive(Debug, Clone, Default)]
pub struct OperatorSecret(pub Option<SigningSecret>);

impl FromStr for OperatorSecret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let text = text.trim();
        let secret = (!text.is_empty())
            .then(|| SigningSecret::parse(text))
            .transpose()?;
        Ok(Self(secret))
    }
}

impl OperatorArgs {
    /// Whether both are given, or neither.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable that is missing.
    pub fn check(&self) -> Result<(), &'static str> {
        match (&self.operator_events_url.0, &self.operator_events_secret.0) {
            (Some(_), None) => Err(
                "OPERATOR_EVENTS_SECRET is missing: what is sent to OPERATOR_EVENTS_URL is signed with it (`webhooksctl signing-secret` makes one)",
            ),
            (None, Some(_)) => {
                Err("OPERATOR_EVENTS_URL is missing: OPERATOR_EVENTS_SECRET signs what is sent there")
            }
            _ => Ok(()),
        }
    }

    /// Where the operator is told, if anywhere.
    #[must_use]
    pub fn receiver(&self) -> Option<OperatorReceiver> {
        let (url, secret) = (&self.operator_events_url.0, &self.operator_events_secret.0);
        Some(OperatorReceiver {
            url: url.clone()?,
            secret: secret.clone()?.into(),
        })
    }
}
