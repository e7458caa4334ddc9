//! Telling the operator, as a part of a running worker.

use super::Parts;
use crate::operator_events::{OperatorEventSender, OperatorReceiver};

impl Parts<'_> {
    /// Tells the operator what happens to accounts.
    pub(super) fn operator_events(
        &self,
        (receiver, client): (OperatorReceiver, reqwest::Client),
    ) -> impl Future<Output = ()> + Send + use<> {
        let sender = OperatorEventSender {
            store: self.store.clone(),
            receiver,
            names: (&self.config.headers.header_prefix).into(),
            client,
            metrics: self.metrics.operator.clone(),
            outage: self.outage("operator", false),
            stop: self.stop.clone(),
        };
        sender.run()
    }
}
