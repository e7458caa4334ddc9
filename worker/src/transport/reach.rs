//! Finds out whether somebody is there: it connects, with TLS for `https`, and asks for nothing.

use std::time::Duration;

use domain::delivery::Failure;
use reqwest::Url;

use super::Client;
use super::destination::Destination;
use super::failure::classify;
use super::trace::Trace;
use crate::fault::Fault;

impl Client {
    /// Connects as requests do, guarded, and through the proxy if there is one; then it hangs up.
    ///
    /// # Errors
    ///
    /// What kept us from connecting within `timeout`; [`Failure::Dns`] if that was the look-up of the name.
    pub(crate) async fn reach(&self, url: &Url, timeout: Duration) -> Result<(), Fault> {
        let (to, mut trace) = (Destination::of(url), Trace::new());
        let connected = tokio::time::timeout(timeout, self.connector.connect(&to, &None, &mut trace)).await;
        match connected {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classify(error, url.host_str().unwrap_or_default())),
            Err(_) => {
                let phases = trace.phases();
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
