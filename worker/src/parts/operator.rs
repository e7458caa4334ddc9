//! Telling the operator, as a part of a running worker.

use super::Parts;
use crate::operator_events::OperatorEventSender;
use crate::tasks::Tasks;

impl Parts<'_> {
    /// Tells the operator what happens to accounts, if anybody is to be told.
    pub(super) fn operator_events(&self, tasks: &mut Tasks) {
        let Some((receiver, client)) = self.operator.clone() else {
            return;
        };
        let sender = OperatorEventSender {
            store: self.store.clone(),
            receiver,
            names: (&self.config.headers.header_prefix).into(),
            client,
            clock: self.clock.clone(),
            metrics: self.metrics.operator.clone(),
            outage: self.outage("operator", false),
            stop: self.stop.clone(),
        };
        tasks.spawn("operator", sender.run());
    }
}
