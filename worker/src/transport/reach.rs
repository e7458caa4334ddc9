//! Finds out whether somebody is there: it connects, with TLS for `https`, and asks for nothing.

use std::time::Duration;

use domain::delivery::Failure;
use reqwest::{Method, Request, Url};

use super::Client;
use super::failure::classify;
use super::phases::measured;
use crate::fault::Fault;

impl Client {
    /// Reaches a host as requests do: guarded, and through the proxy if there is one.
    ///
    /// # Errors
    ///
    /// What kept it from being reached within `timeout`; [`Failure::Dns`] if that was the look-up of its name.
    pub(crate) async fn reach(&self, url: &Url, timeout: Duration) -> Result<(), Fault> {
        let host = url.host_str().unwrap_or_default();
        let asked = self.execute(Request::new(Method::HEAD, url.clone()));
        let (ended, phases) = measured(tokio::time::timeout(timeout, asked)).await;
        match ended {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => match classify(error.as_ref(), host) {
                // It is there.
                Fault::Receiver(Failure::Protocol, _) => Ok(()),
                fault => Err(fault),
            },
            Err(_) => {
                let is_looking_up = phases.dns.is_some() && phases.connect.is_none();
                let failure = if is_looking_up {
                    Failure::Dns
                } else {
                    Failure::Timeout
                };
                Err(Fault::Receiver(
                    failure,
                    format!("not reached within {timeout:?}"),
                ))
            }
        }
    }
}
