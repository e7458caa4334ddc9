//! Age in the model: what is parked ends, and nothing else does.

use std::time::Duration;

use domain::endpoint::EndpointState;

use super::{Fate, Model, Outcome};

impl Model {
    /// Half a month passes for everything that waits.
    pub(super) async fn age(&mut self) {
        for worker in 0..self.workers.len() {
            while !self.workers[worker].held.is_empty() {
                self.report(worker, 0, Outcome::GivenBack).await;
            }
        }
        // What died with its worker comes back.
        for _ in 0..3 {
            self.pass(Duration::from_secs(40)).await;
            self.upkeep(0).await;
        }
        self.finish_upkeep().await;
        self.pass(Duration::from_secs(15 * 86_400)).await;
        self.finish_upkeep().await;
        for (id, delivery) in &mut self.deliveries {
            let is_parked = self
                .endpoints
                .iter()
                .any(|endpoint| endpoint.id == id.endpoint() && endpoint.state != EndpointState::Active);
            if is_parked && delivery.fate == Fate::Waiting {
                delivery.fate = Fate::Exhausted;
            }
        }
        self.compare().await;
    }

    async fn pass(&mut self, span: Duration) {
        self.fixture.pass(span).await;
        self.now += u64::try_from(span.as_millis()).unwrap();
    }

    /// Upkeep, until it has nothing more to do and no replay of many runs.
    async fn finish_upkeep(&mut self) {
        for _ in 0..500 {
            let reply = self.upkeep(0).await;
            if !reply.more && reply.look_again.is_none() {
                return;
            }
            self.pass(reply.look_again.unwrap_or_default()).await;
        }
        panic!("upkeep never ends");
    }
}
