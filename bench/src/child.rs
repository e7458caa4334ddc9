//! Processes of a measurement that are not programs of ours to ship: the receiver, the peer.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use e2e::temp_dir::TempDir;

use crate::receiver::Receiver;

/// A process that prints the address where it listens as its first line. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    address: SocketAddr,
    dir: TempDir,
}

impl Server {
    /// Starts it, and waits until it listens.
    ///
    /// # Panics
    ///
    /// With what it wrote, when it ends instead.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Self {
        let dir = TempDir::new(name);
        let errors = dir.path().join("log");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let mut line = String::new();
        let output = child.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).unwrap();
        let Ok(address) = line.trim().parse() else {
            drop(child.kill());
            panic!(
                "{name} does not say where it listens: {line}\n{}",
                std::fs::read_to_string(errors).unwrap_or_default()
            );
        };
        Self {
            name,
            child,
            address,
            dir,
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it wrote to its standard error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- the log of {}\n{}", self.name, self.log());
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            eprintln!("{} ({}) may still run: {error}", self.name, self.child.id());
        }
    }
}

/// A receiver in a process of its own.
#[derive(Debug)]
pub(crate) struct ReceiverServer {
    server: Server,
    receiver: Receiver,
}

impl ReceiverServer {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let server = Server::start("receiver", Command::new(program).arg("receiver"));
        let receiver = Receiver::at(server.address());
        Self { server, receiver }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.server.id()
    }
}

impl std::ops::Deref for ReceiverServer {
    type Target = Receiver;

    fn deref(&self) -> &Receiver {
        &self.receiver
    }
}
