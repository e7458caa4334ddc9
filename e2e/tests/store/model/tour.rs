//! A tour of the state machine: Redis makes each transition that the function allows, so that it allows none too many.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::delivery::{DeliveryState, Transition};
use domain::endpoint::EndpointState;
use domain::id::DeliveryId;
use e2e::redis_server::RedisServer;
use store::events::Budgets;

use super::reports::Outcome;
use super::workers::ModelWorker;
use super::{Model, RETRY_SECONDS};
use crate::fixture::{BUDGETS, account, wants};

/// More deliveries than there are.
const ALL: u32 = 64;

/// A suspect that lost three leases waits for five seconds.
const DUE: Duration = Duration::from_secs(6);

#[tokio::test]
async fn redis_makes_every_transition_that_the_state_machine_allows() {
    let mut model = Model::new(RedisServer::start_with(&["--appendonly", "no"])).await;
    model.attempts_end().await;
    model.suspects_are_parked().await;
    model.what_is_parked_goes_on_or_ends().await;
    model.an_endpoint_makes_room().await;
    model.a_disabled_endpoint_is_probed().await;
    model.endpoints_are_removed().await;
    model.events_are_erased().await;
    model.payloads_go_missing().await;
    model.drain().await;
    let allowed = DeliveryState::ALL.iter().flat_map(|state| {
        let mut can = Transition::ALL.to_vec();
        can.retain(|transition| state.after(*transition).is_some());
        can.into_iter().map(|transition| (*state, transition))
    });
    let described = |(state, transition): (DeliveryState, Transition)| format!("{state}: {transition:?}");
    let allowed: BTreeSet<_> = allowed.map(described).collect();
    let taken: BTreeSet<_> = model.taken.iter().copied().map(described).collect();
    assert_eq!(taken, allowed);
}

impl Model {
    async fn attempts_end(&mut self) {
        self.accept().await;
        self.fetch(0, ALL).await;
        self.report(0, 0, Outcome::Succeeded).await;
        self.report(0, 0, Outcome::Failed).await;
        self.pass(Duration::from_secs(RETRY_SECONDS + 1)).await;
        self.fetch(0, ALL).await;
        self.report(0, 0, Outcome::FailedForGood).await;
        for outcome in [Outcome::Held, Outcome::HeldForLonger] {
            self.accept().await;
            self.fetch(0, ALL).await;
            self.report(0, 0, outcome).await;
            self.compare().await;
            self.deliver_all().await;
        }
        self.accept().await;
        self.fetch(0, ALL).await;
        self.report(0, 0, Outcome::GivenBackToWait).await;
        self.compare().await;
        self.pass(Duration::from_secs(RETRY_SECONDS + 1)).await;
        self.fetch(0, ALL).await;
        self.give_all_back().await;
        self.compare().await;
        self.deliver_all().await;
    }

    async fn suspects_are_parked(&mut self) {
        self.accept().await;
        self.quarantine_all().await;
        self.pass(DUE).await;
        self.fetch(0, ALL).await;
        self.give_all_back().await;
        self.compare().await;
        for endpoint in 0..2 {
            self.switch(endpoint, false, false).await;
            self.compare().await;
            self.switch(endpoint, true, false).await;
            self.compare().await;
        }
        self.fetch(0, ALL).await;
        self.compare().await;
        self.deliver_all().await;
    }

    async fn what_is_parked_goes_on_or_ends(&mut self) {
        self.one_retries_and_one_is_pending().await;
        self.switch(0, false, false).await;
        self.compare().await;
        self.switch(0, true, false).await;
        self.compare().await;
        self.finish_upkeep().await;
        self.compare().await;
        self.switch(0, false, false).await;
        self.switch(0, true, true).await;
        self.compare().await;
        self.deliver_all().await;

        // It still gets events when failures switched it off, and then they take too much space.
        self.accept().await;
        self.fetch(0, ALL).await;
        self.report_all(Outcome::Gone).await;
        let parked_bytes = 1;
        self.accept_within(Budgets {
            parked_bytes,
            ..BUDGETS
        })
        .await;
        self.compare().await;
        self.finish_upkeep().await;
        let endpoint = self.endpoints[0].id.clone();
        self.all_take(&endpoint, Transition::ParkedOverflow);
        self.compare().await;
        self.switch(0, true, false).await;
        self.deliver_all().await;

        self.accept().await;
        self.switch(0, false, false).await;
        self.age().await;
        self.switch(0, true, false).await;
        self.deliver_all().await;
    }

    /// What waits at the first endpoint is given up, wherever it waits.
    async fn an_endpoint_makes_room(&mut self) {
        for is_parked in [false, true] {
            self.one_retries_and_one_is_pending().await;
            if is_parked {
                self.switch(0, false, false).await;
            }
            let bytes = self.fixture.count("GET", "account:org:org_1:bytes").await;
            self.accept_over_budget(bytes / 2).await;
            self.compare().await;
            self.switch(0, true, false).await;
            self.deliver_all().await;
        }
    }

    async fn a_disabled_endpoint_is_probed(&mut self) {
        let key = format!("wh:{{0}}:endpoint:{}", self.endpoints[0].id);
        let mut resume = redis::cmd("HSET");
        resume.arg(&key).arg("autoResume");
        let _: i64 = self.fixture.command(resume.clone().arg("1")).await;
        self.endpoints[0].resumes = true;
        while self.endpoints[0].state == EndpointState::Active {
            self.accept().await;
            self.fetch(0, ALL).await;
            self.report_all(Outcome::Failed).await;
            self.compare().await;
        }
        self.pass(Duration::from_secs(61)).await;
        self.upkeep(0).await;
        self.compare().await;
        self.fetch(0, ALL).await;
        self.compare().await;
        self.give_all_back().await;
        self.compare().await;
        let _: i64 = self.fixture.command(resume.arg("")).await;
        self.endpoints[0].resumes = false;
        self.switch(0, true, false).await;
        self.deliver_all().await;
    }

    /// Endpoints are removed while their deliveries are in every state.
    async fn endpoints_are_removed(&mut self) {
        self.accept().await;
        self.switch(0, false, false).await;
        self.remove(0).await;
        self.compare().await;
        self.create().await;
        self.deliver_all().await;

        self.accept().await;
        self.quarantine_all().await;
        self.one_retries_and_one_is_pending().await;
        self.accept().await;
        self.fetch(0, ALL).await;
        self.compare().await;
        self.remove(0).await;
        self.compare().await;
        self.report_all(Outcome::Succeeded).await;
        self.compare().await;
        self.create().await;
        self.deliver_all().await;
    }

    /// Events are erased while their deliveries are in every state.
    async fn events_are_erased(&mut self) {
        self.accept().await;
        self.switch(0, false, false).await;
        self.erase_unfinished().await;
        self.switch(0, true, false).await;
        self.accept().await;
        self.quarantine_all().await;
        self.one_retries_and_one_is_pending().await;
        self.erase_unfinished().await;
        self.accept().await;
        self.fetch(0, ALL).await;
        self.erase_unfinished().await;
    }

    async fn erase_unfinished(&mut self) {
        let unfinished = self.unfinished();
        for id in &unfinished {
            assert!(
                self.fixture
                    .store
                    .erase_event(&account(), &id.event())
                    .await
                    .unwrap()
            );
        }
        for id in unfinished {
            self.take(&id, Transition::Erased);
            self.gone.insert(id.event());
        }
        for worker in &mut self.workers {
            worker.held.clear();
        }
        self.compare().await;
    }

    async fn payloads_go_missing(&mut self) {
        self.accept().await;
        self.quarantine_all().await;
        self.accept().await;
        self.pass(DUE).await;
        let waiting = self.unfinished();
        let mut bodies = HashMap::new();
        for id in &waiting {
            let event = format!("event:{}", id.event());
            if let Some(body) = self.fixture.hash(&event).await.remove("body") {
                let key = format!("wh:{{0}}:{event}");
                let _: i64 = self
                    .fixture
                    .command(redis::cmd("HDEL").arg(&key).arg("body"))
                    .await;
                bodies.insert(key, body);
            }
        }
        assert!(self.call(0, wants(ALL)).await.leased.is_empty());
        for id in waiting {
            self.take(&id, Transition::PayloadMissing);
        }
        // What upkeep finds of finished events is whole.
        for (key, body) in bodies {
            let _: i64 = self
                .fixture
                .command(redis::cmd("HSET").arg(key).arg("body").arg(body))
                .await;
        }
        self.compare().await;
    }

    /// Everything that is pending is fetched by workers that die, until it is in quarantine.
    async fn quarantine_all(&mut self) {
        for _ in 0..3 {
            self.fetch(1, ALL).await;
            self.workers[1] = ModelWorker::new();
            // Upkeep that comes late takes nothing back at first.
            while !self.snapshot().await.tokens.is_empty() {
                self.pass(Duration::from_secs(9)).await;
                self.upkeep(0).await;
                self.compare().await;
            }
        }
        for id in self.unfinished() {
            assert_eq!(self.deliveries[&id].state, DeliveryState::Quarantined, "{id}");
        }
    }

    /// At the first endpoint; others have something pending.
    async fn one_retries_and_one_is_pending(&mut self) {
        self.accept().await;
        self.fetch(0, ALL).await;
        self.report_all(Outcome::Failed).await;
        self.accept().await;
        self.compare().await;
    }

    /// Deliveries to the first endpoint end with this outcome, all others succeed.
    async fn report_all(&mut self, outcome: Outcome) {
        let first = self.endpoints[0].id.clone();
        while let Some(held) = self.workers[0].held.first() {
            let is_first = held.leased.endpoint.id == first;
            self.report(0, 0, if is_first { outcome } else { Outcome::Succeeded })
                .await;
        }
    }

    fn unfinished(&self) -> Vec<DeliveryId> {
        let deliveries = self.deliveries.iter();
        deliveries
            .filter(|(_, delivery)| !delivery.state.is_final())
            .map(|(id, _)| id.clone())
            .collect()
    }
}
