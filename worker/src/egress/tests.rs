//! The table: what is taken for an outage of ours, and what is not. Time, hosts and probes are simulated; the decisions are real.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use domain::delivery::Failure;
use domain::id::AccountId;
use reqwest::Url;
use store::queue::{AttemptRecord, Outcome, Phases, Report};

use super::judge::Verdict;
use super::{Egress, Sign};
use crate::fault::NotAttempted;

/// A worker's view of a world in which some hosts are there, and some are not.
struct World {
    egress: Egress,
    now: Instant,
    /// Hosts that don't answer.
    dead: BTreeSet<String>,
    has_network: bool,
    has_resolver: bool,
    /// Whether the operator's check is there; `None`: there is none.
    check: Option<bool>,
}

impl World {
    fn new() -> Self {
        Self {
            egress: Egress::default(),
            now: Instant::now(),
            dead: BTreeSet::new(),
            has_network: true,
            has_resolver: true,
            check: None,
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn failure_at(&self, host: &str) -> Option<Failure> {
        let has_name = host.parse::<std::net::IpAddr>().is_err();
        if has_name && !self.has_resolver {
            Some(Failure::Dns)
        } else if !self.has_network || self.dead.contains(host) {
            Some(Failure::Connect)
        } else {
            None
        }
    }

    /// Makes an attempt. Returns whether it is no attempt, because the trouble is ours.
    fn attempt(&mut self, account: &str, host: &str) -> bool {
        self.attempt_on(account, host, true)
    }

    /// An attempt on a kept connection looks no name up.
    fn attempt_on(&mut self, account: &str, host: &str, is_fresh: bool) -> bool {
        let failure = if is_fresh { self.failure_at(host) } else { None };
        let has_name = host.parse::<std::net::IpAddr>().is_err();
        let took = Some(Duration::from_millis(1)).filter(|_| is_fresh);
        let phases = Phases {
            dns: took.filter(|_| has_name),
            connect: took.filter(|_| failure != Some(Failure::Dns)),
            ..Phases::default()
        };
        let sign = Sign::of(failure, failure.is_none(), &phases);
        let url = url(host);
        let site = super::Site::of(host);
        let given_back = self
            .egress
            .state()
            .attempted(self.now, &url, &site, &account_named(account), sign);
        assert!(matches!(given_back, None | Some(NotAttempted::Egress)));
        given_back.is_some()
    }

    /// A second of the task: probes what is to be probed, and concludes. Returns whether there is an outage.
    fn look(&mut self) -> bool {
        let has_check = self.check.is_some();
        let probes = self.egress.state().next_probes(self.now, has_check, has_check);
        if let Some(probes) = probes {
            for (site, url) in probes {
                let failure = self.failure_at(url.host_str().unwrap());
                self.egress.state().probed(self.now, &site, &url, failure);
            }
            if let Some(is_there) = self.check {
                let check = "check.test";
                let failure = self.failure_at(check).or((!is_there).then_some(Failure::Connect));
                let site = super::Site::of(check);
                self.egress.state().probed(self.now, &site, &url(check), failure);
            }
            let checks = usize::from(has_check);
            self.egress.state().conclude(self.now, checks, checks);
        }
        self.egress.state().stand_still(self.now);
        self.egress.warning().is_some()
    }

    /// Attempts to all of these each second, for so long. Returns in how many of these seconds there was an outage.
    fn go_on(&mut self, seconds: u64, targets: &[(&str, &str)]) -> usize {
        (0..seconds)
            .filter(|_| {
                for (account, host) in targets {
                    self.attempt(account, host);
                }
                let is_out = self.look();
                self.pass(1);
                is_out
            })
            .count()
    }
}

fn url(host: &str) -> Url {
    Url::parse(&format!("https://{host}/hook")).unwrap()
}

fn account_named(name: &str) -> AccountId {
    format!("org:{name}").parse().unwrap()
}

const THREE: [(&str, &str); 3] = [("a", "a.test"), ("a", "b.test"), ("b", "c.test")];

#[test]
fn two_hundred_endpoints_without_a_route_are_an_outage_of_ours_until_one_answers() {
    let hosts: Vec<_> = (0..200).map(|number| format!("host{number}.test")).collect();
    let targets: Vec<_> = hosts
        .iter()
        .enumerate()
        .map(|(number, host)| (["a", "b", "c"][number % 3], host.as_str()))
        .collect();
    let mut world = World::new();
    assert_eq!(world.go_on(5, &targets), 0);
    world.has_network = false;
    let seconds = world.go_on(60, &targets);
    assert!((45..=50).contains(&seconds), "recognised for {seconds} of 60 s");
    assert!(world.attempt("a", "host1.test"), "a failure now is no attempt");
    world.has_network = true;
    assert!(!world.attempt("a", "host7.test"), "this one answers");
    assert!(!world.look(), "one answer ends it");
}

#[test]
fn a_resolver_that_fails_is_an_outage_of_ours_even_while_kept_connections_go_on() {
    let mut world = World::new();
    world.go_on(5, &THREE);
    world.has_resolver = false;
    let mut out = 0;
    for _ in 0..30 {
        for (account, host) in THREE {
            world.attempt(account, host);
        }
        assert!(!world.attempt_on("b", "busy.test", false), "it is answered");
        out += usize::from(world.look());
        world.pass(1);
    }
    assert!((19..=21).contains(&out), "recognised for {out} of 30 s");
    assert!(world.attempt("a", "a.test"));
    world.has_resolver = true;
    assert_eq!(world.go_on(3, &THREE), 0);
}

#[test]
fn an_outage_ends_by_a_probe_if_nothing_is_sent() {
    let mut world = World::new();
    world.go_on(5, &THREE);
    world.has_network = false;
    world.go_on(20, &THREE);
    assert!(world.look());
    world.has_network = true;
    assert!(!world.look(), "the probe was answered");
}

#[test]
fn customers_that_never_answered_lately_prove_nothing() {
    let mut world = World::new();
    for (_, host) in THREE {
        world.dead.insert(host.to_owned());
    }
    assert_eq!(world.go_on(60, &THREE), 0, "they never answered");

    let mut world = World::new();
    world.go_on(5, &THREE);
    for (_, host) in THREE {
        world.dead.insert(host.to_owned());
    }
    world.pass(3600);
    assert_eq!(world.go_on(60, &THREE), 0, "they answered more than an hour ago");
}

#[test]
fn one_customers_outage_among_many_counts() {
    let mut world = World::new();
    let all = [THREE[0], THREE[1], THREE[2], ("c", "d.test"), ("d", "e.test")];
    world.go_on(5, &all);
    world.dead.insert("a.test".to_owned());
    assert_eq!(world.go_on(60, &all), 0);
    // Nobody else has anything to send.
    assert_eq!(world.go_on(60, &[("a", "a.test")]), 0);
}

#[test]
fn hosts_that_die_together_are_refuted_by_a_probe_of_somebody_elses() {
    let mut world = World::new();
    world.go_on(5, &[THREE[0], THREE[1], THREE[2], ("c", "d.test")]);
    for (_, host) in THREE {
        world.dead.insert(host.to_owned());
    }
    assert_eq!(world.go_on(120, &THREE), 0);
}

#[test]
fn nobody_can_hide_the_others_behind_hosts_of_his_own() {
    let mut world = World::new();
    world.go_on(1, &[("c", "honest.test")]);
    world.pass(60);
    let own: Vec<_> = (0..40).map(|number| format!("own{number}.test")).collect();
    let targets: Vec<_> = own
        .iter()
        .enumerate()
        .map(|(number, host)| (["x", "y"][number % 2], host.as_str()))
        .collect();
    world.go_on(5, &targets);
    world.dead.extend(own.iter().cloned());
    // Three of his hosts fail; the others answered last, and are silent too.
    assert_eq!(world.go_on(120, &targets[..3]), 0);
}

#[test]
fn names_of_one_customer_count_once() {
    let mut world = World::new();
    let names = [
        ("a", "one.big.test"),
        ("b", "two.big.test"),
        ("c", "three.big.test"),
    ];
    world.go_on(5, &names);
    world.has_network = false;
    assert_eq!(world.go_on(60, &names), 0);
}

#[test]
fn hosts_of_one_account_prove_it_only_where_there_is_no_other() {
    let one = [("a", "a.test"), ("a", "b.test"), ("a", "c.test")];
    let mut world = World::new();
    world.go_on(5, &one);
    world.has_network = false;
    assert!(world.go_on(30, &one) > 0);

    let mut world = World::new();
    world.go_on(5, &[one[0], one[1], one[2], ("b", "d.test")]);
    world.has_network = false;
    assert_eq!(world.go_on(30, &one), 0);
}

#[test]
fn when_all_the_world_is_silent_it_is_believed_for_a_day_and_a_check_refutes_it() {
    let mut world = World::new();
    world.go_on(5, &THREE);
    for (_, host) in THREE {
        world.dead.insert(host.to_owned());
    }
    assert!(world.go_on(30, &THREE) > 0, "nobody else is there to ask");
    world.pass(24 * 3600);
    assert_eq!(world.go_on(30, &THREE), 0);

    let mut world = World::new();
    world.check = Some(true);
    world.go_on(5, &THREE);
    for (_, host) in THREE {
        world.dead.insert(host.to_owned());
    }
    assert_eq!(world.go_on(60, &THREE), 0);
}

#[test]
fn a_check_stands_in_for_three_hosts_and_a_dead_one_stops_nothing_that_is_answered() {
    let mut world = World::new();
    world.check = Some(true);
    world.go_on(5, &THREE);
    world.has_network = false;
    assert!(world.go_on(30, &[("a", "a.test")]) > 0, "one host and the check");

    let mut world = World::new();
    world.check = Some(false);
    world.dead.insert("a.test".to_owned());
    assert_eq!(
        world.go_on(60, &THREE),
        0,
        "the check is dead, and two of three answer"
    );
}

#[test]
fn another_workers_word_makes_a_host_a_witness() {
    let mut world = World::new();
    world.pass(3600); // there are no instants before the start of the machine
    world.has_network = false;
    assert_eq!(world.go_on(15, &THREE), 0);
    for (account, host) in THREE {
        let told = format!("https://{host}/ org:{account}");
        world
            .egress
            .state()
            .known
            .heard_of(world.now, &told, Duration::from_secs(600));
    }
    assert!(world.go_on(15, &THREE) > 0);
    let mut state = world.egress.state();
    assert_eq!(
        state
            .network
            .judge
            .verdict(world.now, &super::Known::default(), false),
        Verdict::Outage
    );
}

#[test]
fn a_worker_that_is_restarted_hours_into_an_outage_learns_who_answered_before_it() {
    let mut world = World::new();
    world.go_on(5, &THREE);
    world.has_network = false;
    let recognised = world.go_on(3 * 3600, &THREE);
    assert!(recognised > 3 * 3600 - 20, "{recognised} s");
    let told = world.egress.state().known.news(world.now, 100);
    assert_eq!(told.len(), THREE.len(), "{told:?}");

    world.egress = Egress::default();
    for destination in &told {
        let known = &mut world.egress.state().known;
        known.heard_of(world.now, destination, Duration::ZERO);
    }
    assert!(world.go_on(30, &THREE) > 0);
    // It tells nobody of what it only heard, or two would keep that up for ever.
    world.go_on(3600, &THREE);
    assert_eq!(
        world.egress.state().known.news(world.now, 100),
        Vec::<String>::new()
    );
}

#[test]
fn a_silent_world_is_forgotten_in_the_end_however_closely_it_was_watched() {
    let mut world = World::new();
    world.go_on(5, &THREE);
    world.has_network = false;
    let recognised = world.go_on(25 * 3600, &THREE);
    assert!(
        (24 * 3600 - 60..=24 * 3600 + 60).contains(&recognised),
        "{recognised} s"
    );
}

#[test]
fn a_probe_of_an_endpoint_that_is_off_is_no_strike_that_could_be_taken_back() {
    let world = World::new();
    let mut probe = strike("timeout");
    let token = "abc:7 1795733547096|a.example:443 org:org_1|0|3|2|100";
    probe.token = store::queue::LeaseToken::from_stored(token.to_owned());
    world.egress.recorded(&probe);
    let remembered = world.egress.state().network.strikes.take(world.now, true);
    assert_eq!(remembered, vec![]);
    probe.token = store::queue::LeaseToken::from_stored("abc:7|1|3|2|100".to_owned());
    world.egress.recorded(&probe);
    let remembered = world.egress.state().network.strikes.take(world.now, true);
    assert_eq!(remembered.len(), 1);
}

#[test]
fn strikes_are_remembered_until_something_answers_and_handed_over_in_an_outage() {
    let mut world = World::new();
    world.go_on(5, &THREE);
    let remembered = |world: &World, is_out| world.egress.state().network.strikes.take(world.now, is_out);
    world.egress.recorded(&strike("connect"));
    world.egress.recorded(&strike("http_status"));
    world.attempt("a", "a.test");
    assert_eq!(remembered(&world, true), vec![], "a host answered after that");

    world.egress.recorded(&strike("connect"));
    world.egress.recorded(&strike("timeout"));
    assert_eq!(remembered(&world, false), vec![], "nothing is ours so far");
    world.has_network = false;
    assert!(world.go_on(20, &THREE) > 0);
    world.has_network = true;
    world.attempt("a", "a.test");
    assert!(!world.look());
    let struck = remembered(&world, false);
    assert_eq!(
        struck.len(),
        1,
        "the outage is over, and still they are to be taken back"
    );
    assert_eq!(struck[0].strikes, 2);
}

fn strike(error: &'static str) -> Report {
    let delivery = "dlv_01m87pv3sex0zbqctzy1rjyspq_cxqxnf2skjk750av";
    Report {
        delivery: delivery.parse().unwrap(),
        token: store::queue::LeaseToken::from_stored(String::new()),
        event: "lead.captured".to_owned(),
        outcome: Outcome::Failed {
            attempt: AttemptRecord {
                error: Some(error),
                status: (error == "http_status").then_some(500),
                ..AttemptRecord::default()
            },
            retry_in: None,
            gone: false,
            rest: None,
        },
    }
}
