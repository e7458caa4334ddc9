//! A network of several machines for one test: each has a namespace of its own on a bridge, and its cable can be pulled. Only within
//! [`crate::namespaces::run_apart`] with `--net`; needs `nsenter` and `ip` besides.
//!
//! The test and the programs are on the bridge as well. What runs on a machine is asked by the test through Unix sockets, which no pulled
//! cable cuts.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::namespaces::run;

/// How long a machine may take to be there.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// Where something runs: here, or on one of the machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The address that it is reached at.
    pub address: Ipv4Addr,
    /// The process whose namespace it is.
    namespace: Option<u32>,
}

impl Place {
    /// Where the test runs itself, on loopback.
    pub const HERE: Self = Self {
        address: Ipv4Addr::LOCALHOST,
        namespace: None,
    };

    /// Whether it is on another machine.
    #[must_use]
    pub const fn is_elsewhere(self) -> bool {
        self.namespace.is_some()
    }

    /// Starts a program there.
    #[must_use]
    pub fn command(self, program: &Path) -> Command {
        let Some(process) = self.namespace else {
            return Command::new(program);
        };
        let mut command = Command::new("nsenter");
        // It becomes the program, so that the process is the same.
        command
            .arg(format!("--net=/proc/{process}/ns/net"))
            .arg("--")
            .arg(program);
        command
    }
}

/// Several machines and us, all on one bridge.
#[derive(Debug)]
pub struct Network {
    machines: Vec<Machine>,
}

/// A machine exists for as long as a process that does nothing there: it reads what we never write, so it ends with us, however that is.
#[derive(Debug)]
struct Machine {
    holder: Child,
    place: Place,
}

impl Network {
    /// Makes it. We are at `10.9.0.254`, and the machines at `10.9.0.1` and so on.
    #[must_use]
    pub fn of(machines: u8) -> Self {
        run("ip", &["link", "set", "lo", "up"]);
        run("ip", &["link", "add", "bridge", "type", "bridge"]);
        run("ip", &["addr", "add", "10.9.0.254/24", "dev", "bridge"]);
        run("ip", &["link", "set", "bridge", "up"]);
        Self {
            machines: (1..=machines).map(Machine::start).collect(),
        }
    }

    /// One of the machines, from 0 on.
    #[must_use]
    pub fn place(&self, machine: usize) -> Place {
        self.machines[machine].place
    }

    /// All machines.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        self.machines.iter().map(|machine| machine.place).collect()
    }

    /// Lays a cable from us to a machine past the bridge: we reach it, and it us, whatever becomes of the other one.
    pub fn wire(&self, machine: usize) {
        let machine = &self.machines[machine];
        let (id, address) = (machine.holder.id().to_string(), machine.place.address.to_string());
        let ours = format!("wire{machine}", machine = machine.number());
        run(
            "ip",
            &[
                "link", "add", &ours, "type", "veth", "peer", "name", "wire", "netns", &id,
            ],
        );
        run("ip", &["link", "set", &ours, "up"]);
        machine.ip(&["link", "set", "wire", "up"]);
        run("ip", &["route", "add", &format!("{address}/32"), "dev", &ours]);
        machine.ip(&["route", "add", "10.9.0.254/32", "dev", "wire"]);
    }

    /// Pulls a machine's cable to the bridge: what it sends, and what is sent to it, goes nowhere, and nobody is told.
    pub fn pull(&self, machine: usize) {
        run("ip", &["link", "set", &self.machines[machine].cable(), "down"]);
    }

    /// Plugs it in again.
    pub fn plug_in(&self, machine: usize) {
        run("ip", &["link", "set", &self.machines[machine].cable(), "up"]);
    }
}

impl Machine {
    fn start(number: u8) -> Self {
        let holder = Command::new("unshare")
            .args(["--net", "--", "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("this test needs unshare, of util-linux");
        let machine = Self {
            place: Place {
                address: Ipv4Addr::new(10, 9, 0, number),
                namespace: Some(holder.id()),
            },
            holder,
        };
        let network = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net")).ok();
        let id = machine.holder.id().to_string();
        let deadline = Instant::now() + START_DEADLINE;
        while network(&id).is_none() || network(&id) == network("self") {
            assert!(
                Instant::now() < deadline,
                "the machine {number} doesn't come to be"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        let cable = machine.cable();
        run(
            "ip",
            &[
                "link", "add", &cable, "type", "veth", "peer", "name", "cable", "netns", &id,
            ],
        );
        run("ip", &["link", "set", &cable, "master", "bridge", "up"]);
        machine.ip(&["link", "set", "lo", "up"]);
        machine.ip(&[
            "addr",
            "add",
            &format!("{}/24", machine.place.address),
            "dev",
            "cable",
        ]);
        machine.ip(&["link", "set", "cable", "up"]);
        machine
    }

    const fn number(&self) -> u8 {
        self.place.address.octets()[3]
    }

    /// Our end of its cable.
    fn cable(&self) -> String {
        format!("cable{}", self.number())
    }

    /// `ip …` there.
    fn ip(&self, arguments: &[&str]) {
        let namespace = format!("--net=/proc/{}/ns/net", self.holder.id());
        let mut words = vec![namespace.as_str(), "--", "ip"];
        words.extend(arguments);
        run("nsenter", &words);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Err(error) = self.holder.kill().and_then(|()| self.holder.wait().map(drop)) {
            eprintln!(
                "the machine of process {} may still be there: {error}",
                self.holder.id()
            );
        }
    }
}
