//! Age in the model: what is parked ends, and nothing else does.

use std::time::Duration;

use domain::delivery::Transition;
use domain::endpoint::EndpointState;

use super::Model;

impl Model {
    /// Half a month passes for everything that waits.
    pub(super) async fn age(&mut self) {
        self.give_all_back().await;
        // What died with its worker comes back.
        for _ in 0..3 {
            self.pass(Duration::from_secs(40)).await;
            self.upkeep(0).await;
        }
        self.finish_upkeep().await;
        self.pass(Duration::from_secs(15 * 86_400)).await;
        self.finish_upkeep().await;
        let inactive: Vec<_> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.state != EndpointState::Active)
            .map(|endpoint| endpoint.id.clone())
            .collect();
        for endpoint in inactive {
            self.all_take(&endpoint, Transition::ParkedTooLong);
        }
        self.compare().await;
    }

    /// Upkeep, until it has nothing more to do and no replay of many runs.
    pub(super) async fn finish_upkeep(&mut self) {
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
