//! An upgrade under load: two APIs and two workers of before are replaced by today's, one after the other.
//!
//! `./scripts/upgrade-from COMMIT` runs these tests with the real programs of that commit, which make a store of theirs. Elsewhere,
//! as in CI, there are none: today's programs then begin on a store of schema 1, and are restarted, while a connection like those
//! of an old program stands for it (`e2e::before`).
//!
//! Proves (guarantees): programs of two releases work on one store

use e2e::account::Account;
use e2e::before::{self, Program};
use e2e::client::{Caller, NewEndpoint};
use e2e::load::{Load, Loaded, Shape};
use e2e::redis_server::RedisServer;
use e2e::system::{SERVICE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use store::identity::newest_schema;

use crate::newer_forms::stored;
use crate::scene::{Scene, assert_programs_refused, blocking, builder, more_accepted};

/// A system as it is before the upgrade.
pub(crate) struct Before {
    pub(crate) scene: Scene,
    /// What stands for the old programs, where there are none.
    stand_in: Option<Program>,
    schema: String,
}

impl Before {
    /// Starts an API and two workers, with a receiver and two endpoints.
    pub(crate) async fn start() -> Self {
        let (server, programs) = (RedisServer::start(), before::programs());
        let stand_in = programs.is_none().then(|| {
            before::make_store(&server);
            Program::connect(&server.url())
        });
        // Of an account that may have a million deliveries waiting.
        let builder = builder().workers(2).api_env("ACCOUNT_BUDGET_BYTES", "1024GiB");
        let scene = Scene::start(builder.on(server).programs(programs)).await;
        let schema = before::schema(&scene.system.redis);
        Self {
            scene,
            stand_in,
            schema,
        }
    }

    /// Starts a second API, and replaces all programs one after the other under load. The store stays as it is until the last one of
    /// before has gone, and then changes by itself. Returns what was accepted.
    pub(crate) async fn upgrade(&mut self) -> Loaded {
        let system = &mut self.scene.system;
        let mut second = system.another_api().await;
        let url = format!("http://{}", second.variable("API_LISTEN").unwrap());
        let shape = Shape::gentle(system.account());
        let loads = [
            Load::start(system, &shape),
            Load::start_at(&Caller::new(&url, Some(SERVICE_KEY)), "second", &shape),
        ];
        more_accepted(&loads[0], 100).await;
        blocking(|| second.replace("webhooks-api"));
        second.wait_ready(&format!("{url}/readyz")).await;
        for worker in 0..system.workers.len() {
            blocking(|| system.workers[worker].replace("webhooks-worker"));
            system.wait_ready().await;
            more_accepted(&loads[1], 50).await;
        }
        assert_eq!(before::schema(&system.redis), self.schema);
        blocking(|| system.api.replace("webhooks-api"));
        system.wait_ready().await;
        more_accepted(&loads[0], 50).await;
        if let Some(program) = self.stand_in.take() {
            assert_eq!(before::schema(&system.redis), self.schema);
            logged(system, &self.scene.endpoints, true).await;
            drop(program);
        }
        before::wait_for_schema(&system.redis, newest_schema()).await;
        for load in &loads {
            more_accepted(load, 100).await;
        }
        logged(system, &self.scene.endpoints, false).await;
        let mut loaded = Loaded::default();
        for load in loads {
            loaded.extend(load.stop().await);
        }
        assert!(second.terminate().success(), "{}", second.log());
        loaded
    }

    /// What was there before can't go on with a store that has changed, and says why.
    pub(crate) fn there_is_no_way_back(&self) {
        let system = &self.scene.system;
        if system.programs.is_none() || self.schema == newest_schema() {
            return;
        }
        let programs = ["webhooks-api", "webhooks-worker"].map(|name| system.program(name));
        let reason = format!("the stored data has schema {}, this program", newest_schema());
        assert_programs_refused(&self.scene, programs, &[&reason]);
    }
}

/// Waits until each endpoint's newest attempt is logged in the form of schema 1, or in that of today. (What is older is packed sooner
/// or later.)
async fn logged(system: &System, endpoints: &[NewEndpoint], in_schema_1: bool) {
    eventually(LONG, "the newest entries", async || {
        for endpoint in endpoints {
            let entries = stored(system, &endpoint.id);
            let is_so = entries.last().map(|fields| fields.contains("delivery"));
            check(is_so == Some(in_schema_1), format!("{}: {is_so:?}", endpoint.id))?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_forms_change_under_load() {
    let mut before = Before::start().await;
    let loaded = before.upgrade().await;
    let balance = Account::of(&before.scene.system)
        .at(&before.scene.receiver)
        .accepted(loaded.accepted)
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries, "{balance:?}");
    before.there_is_no_way_back();
    before.scene.system.stop();
}
