//! The system on which faults happen: Redis behind two proxies, the API, workers, receivers, and a load.

use std::time::{Duration, Instant};

use e2e::account::{Account, Balance};
use e2e::client::{Caller, NewEndpoint};
use e2e::fault_proxy::{Cut, Fault as Network, FaultProxy};
use e2e::load::{Load, Shape};
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;

use crate::plan::{Answers, ENDPOINTS, Fault, Line, Plan, Step, Trouble, WORKERS};
use crate::table::Table;

/// How long everything may take to be delivered after the last fault: leases that were lost, and the pause after an outage.
const SETTLE_WITHIN: Duration = Duration::from_secs(180);

/// Attempts that a worker has in flight at most, so as many duplicates as one that dies may cause.
const CONCURRENCY: usize = 64;

struct Stage {
    system: System,
    receiver: Receiver,
    api_line: FaultProxy,
    worker_line: FaultProxy,
    endpoints: Vec<NewEndpoint>,
    customer: Caller,
    table: Table,
    load: Load,
    duplicates: usize,
}

/// Runs the plan of a seed for so long, and makes the account.
pub(crate) async fn run(seed: u64, lasts: Duration) -> Balance {
    let mut stage = Stage::start().await;
    let began = Instant::now();
    for step in Plan::new(seed) {
        stage.perform(&step).await;
        if began.elapsed() > lasts {
            break;
        }
    }
    stage.finish().await
}

impl Stage {
    async fn start() -> Self {
        let redis = RedisServer::start();
        let api_line = FaultProxy::start(redis.address()).await;
        let worker_line = FaultProxy::start(redis.address()).await;
        let table = Table::new(redis.address());
        let system = System::builder()
            .on(redis)
            .workers(WORKERS)
            .env("LOG_LENGTH", "100000")
            .env("DELIVERY_TIMEOUT", "2s")
            .env("RETRY_SCHEDULE", "50ms,100ms,200ms,400ms,1s")
            .env("WORKER_CONCURRENCY", CONCURRENCY.to_string())
            .api_env("REDIS_URL", api_line.redis_url())
            .worker_env("REDIS_URL", worker_line.redis_url())
            .start()
            .await;
        let receiver = Receiver::start().await;
        let customer = system.customer();
        let mut endpoints = Vec::new();
        for number in 0..ENDPOINTS {
            // Half of them get a part of the events.
            let events: &[&str] = if number % 2 == 0 {
                &["*"]
            } else {
                &["lead.captured", "ticket.created"]
            };
            endpoints.push(
                customer
                    .create_endpoint(&receiver.url(&path(number)), events)
                    .await,
            );
        }
        let load = Load::start(
            &system,
            &Shape {
                callers: 4,
                pause: Duration::from_millis(40),
                accounts: vec![system.account().to_owned()],
                at_most: usize::MAX,
            },
        );
        Self {
            system,
            receiver,
            api_line,
            worker_line,
            endpoints,
            customer,
            table,
            load,
            duplicates: 0,
        }
    }

    async fn perform(&mut self, step: &Step) {
        let name = step
            .faults
            .iter()
            .map(|fault| format!("{fault:?}"))
            .collect::<Vec<_>>()
            .join(" + ");
        for fault in &step.faults {
            self.duplicates += if fault.may_duplicate() { CONCURRENCY } else { 0 };
            self.apply(*fault).await;
        }
        self.watch(step.lasts, &name).await;
        for fault in step.faults.iter().rev() {
            self.undo(*fault).await;
        }
        self.assert_all_run();
        self.switch_all_on().await;
        self.watch(step.quiet, "").await;
    }

    async fn watch(&mut self, lasts: Duration, fault: &str) {
        let until = Instant::now() + lasts;
        while Instant::now() < until {
            self.table.line(&self.load, &self.receiver, fault).await;
            let rest = until.saturating_duration_since(Instant::now());
            tokio::time::sleep(rest.min(Duration::from_millis(200))).await;
        }
    }

    async fn apply(&mut self, fault: Fault) {
        match fault {
            Fault::KillWorker(number) => blocking(|| self.system.workers[number].kill9()),
            Fault::TerminateWorker(number) => blocking(|| terminate(&mut self.system.workers[number])),
            Fault::StopWorker(number) => self.system.workers[number].stop_signal(),
            Fault::KillApi => blocking(|| self.system.api.kill9()),
            Fault::TerminateApi => blocking(|| terminate(&mut self.system.api)),
            Fault::StopApi => self.system.api.stop_signal(),
            Fault::KillRedis => blocking(|| self.system.redis.kill9()),
            Fault::RestartRedis => blocking(|| self.system.redis.restart()),
            Fault::StopRedis => self.system.redis.stop_signal(),
            Fault::FlushScripts => self.redis(&["SCRIPT", "FLUSH"]),
            Fault::KillClients => self.redis(&["CLIENT", "KILL", "TYPE", "normal"]),
            Fault::StepClock(millis) => {
                self.redis(&[
                    "HINCRBY",
                    &e2e::state::key("stats"),
                    "clockOffset",
                    &millis.to_string(),
                ]);
            }
            Fault::Line(line, trouble) => self.disturb(line, trouble),
            Fault::Receiver(number, answers) => {
                let answer = match answers {
                    Answers::Failing => Answer::status(500),
                    Answers::Hanging => Answer::hang(),
                    Answers::Resetting => Answer::reset(),
                    Answers::Gone => Answer::status(410),
                };
                self.receiver.always(&path(number), answer);
            }
            Fault::CloseReceiver => self.receiver.close().await,
            Fault::SwitchOff(number) => self.switch(number, json!({"active": false})).await,
            Fault::Discard(number) => {
                self.switch(number, json!({"active": false})).await;
                self.switch(number, json!({"active": true, "parked": "discard"}))
                    .await;
            }
        }
    }

    async fn undo(&mut self, fault: Fault) {
        match fault {
            Fault::KillWorker(number) | Fault::TerminateWorker(number) => {
                self.system.workers[number].restart()
            }
            Fault::StopWorker(number) => self.system.workers[number].cont(),
            Fault::KillApi | Fault::TerminateApi => self.system.api.restart(),
            Fault::StopApi => self.system.api.cont(),
            Fault::KillRedis => blocking(|| self.system.redis.restart()),
            Fault::StopRedis => self.system.redis.cont(),
            Fault::Line(line, _) => {
                self.line(line).set(Network::None);
                self.line(line).cut_no_more();
            }
            Fault::Receiver(number, _) => self.receiver.always(&path(number), Answer::status(200)),
            Fault::CloseReceiver => self.receiver.reopen().await,
            Fault::RestartRedis
            | Fault::FlushScripts
            | Fault::KillClients
            | Fault::StepClock(_)
            | Fault::SwitchOff(_)
            | Fault::Discard(_) => {}
        }
    }

    const fn line(&self, line: Line) -> &FaultProxy {
        match line {
            Line::Api => &self.api_line,
            Line::Workers => &self.worker_line,
        }
    }

    fn disturb(&self, line: Line, trouble: Trouble) {
        let proxy = self.line(line);
        match trouble {
            Trouble::CutAnswers(nth) => proxy.cut(Cut::answer_of("EVALSHA").every(nth)),
            Trouble::CutRequests(nth) => proxy.cut(Cut::request_of("EVALSHA").every(nth)),
            Trouble::CutAll => proxy.cut_all(),
            Trouble::Refuse => {
                proxy.set(Network::Refuse);
                proxy.cut_all();
            }
            Trouble::Delay(millis) => proxy.set(Network::Delay(Duration::from_millis(millis))),
            Trouble::Freeze => proxy.set(Network::Freeze),
            Trouble::HalfOpen => proxy.half_open(),
        }
    }

    /// A command to Redis itself, which is up and listening when this is called.
    fn redis(&self, words: &[&str]) {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        blocking(|| command.exec(&mut e2e::state::connect(&self.system.redis))).expect("a command to Redis");
    }

    /// Changes an endpoint, if the API answers.
    async fn switch(&self, number: usize, mut change: serde_json::Value) {
        change["id"] = json!(self.endpoints[number].id);
        let request = self
            .customer
            .request(Method::PATCH, "/api/webhooks-config")
            .json(&change);
        // What it answers in the middle of other faults doesn't matter.
        drop(Caller::try_send(request.timeout(Duration::from_secs(3))).await);
    }

    /// What the owner of the endpoints does after each trouble.
    async fn switch_all_on(&self) {
        for number in 0..ENDPOINTS {
            self.switch(number, json!({"active": true})).await;
        }
    }

    fn assert_all_run(&mut self) {
        for process in self.system.workers.iter_mut().chain([&mut self.system.api]) {
            assert!(
                process.is_running(),
                "a program ended by itself:\n{}",
                process.log()
            );
        }
    }

    async fn finish(mut self) -> Balance {
        println!("        no more faults: everything is to be delivered now");
        self.system.wait_ready().await;
        let loaded = self.load.stop().await;
        for number in 0..ENDPOINTS {
            eventually(LONG, "an endpoint to be switched on", async || {
                let change = json!({"id": self.endpoints[number].id, "active": true});
                let reply = self.customer.patch("/api/webhooks-config", &change).await;
                check(reply.body["active"] == true, reply.text)
            })
            .await;
        }
        println!(
            "        refused: {:?}; slowest answer of the API: {:?}",
            loaded.refused, loaded.slowest
        );
        let balance = Account::of(&self.system)
            .at(&self.receiver)
            .accepted(loaded.accepted)
            .duplicates_at_most(self.duplicates)
            .within(SETTLE_WITHIN)
            .balance()
            .await;
        blocking(|| self.system.stop());
        balance
    }
}

fn path(number: usize) -> String {
    format!("/hook-{number}")
}

/// SIGTERM; a program must end by itself, and well, whatever else is wrong.
fn terminate(process: &mut Process) {
    let status = process.terminate();
    assert!(status.success(), "ended with {status}:\n{}", process.log());
}

fn blocking<T>(act: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(act)
}
