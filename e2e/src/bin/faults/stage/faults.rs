//! Applies each fault, and undoes it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use e2e::client::Caller;
use e2e::fault_proxy::{Cut, Fault as Network, FaultProxy, SCRIPT};
use e2e::name_server::Conduct;
use e2e::process::Process;
use e2e::receiver::{Answer, Received};
use reqwest::Method;
use serde_json::json;

use super::{Stage, blocking, name, path};
use crate::plan::{Answers, Fault, Link, Lookups, Trouble};

impl Stage {
    pub(super) async fn apply(&mut self, fault: Fault) {
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
            Fault::FlushScripts => {
                self.redis(&["SCRIPT", "FLUSH"]);
                self.redis(&["FUNCTION", "FLUSH"]);
            }
            Fault::KillClients => self.redis(&["CLIENT", "KILL", "TYPE", "normal"]),
            Fault::StepClock(millis) => {
                self.redis(&[
                    "HINCRBY",
                    &e2e::state::key("stats"),
                    "clockOffset",
                    &millis.to_string(),
                ]);
            }
            Fault::Link(link, trouble) => self.disturb(link, trouble),
            Fault::Receiver(number, answers) => {
                let path = path(number);
                match answers {
                    Answers::Limited => self.receiver.always_with(&path, a_request_a_second()),
                    other => self.receiver.always(&path, answer(other)),
                }
            }
            Fault::CloseReceiver => self.receiver.close().await,
            Fault::SwitchOff(number) => self.switch(number, json!({"active": false})).await,
            Fault::Discard(number) => {
                self.switch(number, json!({"active": false})).await;
                self.switch(number, json!({"active": true, "parked": "discard"}))
                    .await;
            }
            Fault::Name(number, lookups) => {
                // A kept connection needs no look-up.
                let closing = Answer::status(200).header("connection", "close");
                self.receiver.always(&path(number), closing);
                self.behave(number, conduct(lookups));
            }
            Fault::Neighbour(neighbour) => {
                let (system, receiver) = (&self.system, &self.receiver);
                self.neighbours.begin(neighbour, system, receiver).await;
            }
        }
    }

    pub(super) async fn undo(&mut self, fault: Fault) {
        match fault {
            Fault::KillWorker(number) | Fault::TerminateWorker(number) => {
                self.system.workers[number].restart()
            }
            Fault::StopWorker(number) => self.system.workers[number].cont(),
            Fault::KillApi | Fault::TerminateApi => self.system.api.restart(),
            Fault::StopApi => self.system.api.cont(),
            Fault::KillRedis => blocking(|| self.system.redis.restart()),
            Fault::StopRedis => self.system.redis.cont(),
            Fault::Link(link, _) => {
                self.link(link).set(Network::None);
                self.link(link).cut_no_more();
            }
            Fault::Receiver(number, _) => self.receiver.always(&path(number), Answer::status(200)),
            Fault::CloseReceiver => self.receiver.reopen().await,
            Fault::Name(number, _) => {
                self.behave(number, Conduct::Good);
                self.receiver.always(&path(number), Answer::status(200));
            }
            Fault::Neighbour(neighbour) => self.neighbours.end(neighbour, &self.receiver).await,
            Fault::RestartRedis
            | Fault::FlushScripts
            | Fault::KillClients
            | Fault::StepClock(_)
            | Fault::SwitchOff(_)
            | Fault::Discard(_) => {}
        }
    }

    const fn link(&self, link: Link) -> &FaultProxy {
        match link {
            Link::Api => &self.api_link,
            Link::Workers => &self.worker_link,
        }
    }

    fn disturb(&self, link: Link, trouble: Trouble) {
        let proxy = self.link(link);
        match trouble {
            Trouble::CutAnswers(nth) => proxy.cut(Cut::answer_of(SCRIPT).every(nth)),
            Trouble::CutRequests(nth) => proxy.cut(Cut::request_of(SCRIPT).every(nth)),
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

    fn behave(&self, number: usize, conduct: Conduct) {
        if let Some(names) = &self.names {
            names.behave(&name(number), conduct);
        }
    }

    /// Sends a command to Redis itself, which must be up.
    fn redis(&self, words: &[&str]) {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        blocking(|| command.exec(&mut e2e::state::connect(&self.system.redis))).expect("a command to Redis");
    }

    /// Changes an endpoint, if the API answers.
    pub(super) async fn switch(&self, number: usize, mut change: serde_json::Value) {
        change["id"] = json!(self.endpoints[number].id);
        let request = self
            .customer
            .request(Method::PATCH, "/api/webhooks-config")
            .json(&change);
        // In the middle of other faults any answer will do.
        drop(Caller::try_send(request.timeout(Duration::from_secs(3))).await);
    }
}

/// What a receiver answers to every request.
fn answer(answers: Answers) -> Answer {
    match answers {
        Answers::Failing => Answer::status(500),
        Answers::Hanging => Answer::hang(),
        Answers::Resetting => Answer::reset(),
        Answers::Gone => Answer::status(410),
        Answers::Limited => Answer::status(429).header("retry-after", "1"),
        Answers::Forgetful => Answer::status(200).then_closes(),
        Answers::Odd => Answer::status(200).header("not a name ", "value"),
        Answers::Slow => Answer::status(200).after(Duration::from_millis(300)),
    }
}

/// What the name server does.
const fn conduct(lookups: Lookups) -> Conduct {
    match lookups {
        Lookups::Unanswered => Conduct::Silent,
        Lookups::Late => Conduct::Late(Duration::from_millis(600)),
        Lookups::Failing => Conduct::Fails,
    }
}

/// A 200 to one request a second, and to all others when to come again.
fn a_request_a_second() -> impl Fn(&Received) -> Answer + Send + Sync {
    let last = Mutex::new(None::<Instant>);
    move |_| {
        let mut last = last.lock().unwrap();
        if last.is_some_and(|when| when.elapsed() < Duration::from_secs(1)) {
            return answer(Answers::Limited);
        }
        *last = Some(Instant::now());
        Answer::status(200)
    }
}

/// Terminates a program, which must end without an error whatever else is wrong.
fn terminate(process: &mut Process) {
    let status = process.terminate();
    assert!(status.success(), "ended with {status}:\n{}", process.log());
}
