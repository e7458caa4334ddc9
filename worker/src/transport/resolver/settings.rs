//! What the system says about names: `/etc/resolv.conf` and `/etc/hosts`, read again when they change.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use resolv_conf::ScopedIp;

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";

/// How often it is looked whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many name servers, and suffixes of names without dots, are used: as many as the system's own resolver takes.
const MAX_SERVERS: usize = 3;
const MAX_SUFFIXES: usize = 6;

/// Where the name servers listen.
const PORT: u16 = 53;

/// Who is asked for names, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// The name servers, the preferred one first.
    pub(super) servers: Vec<SocketAddr>,
    /// How long one try at a name server lasts.
    pub(super) timeout: Duration,
    /// How often each name server is tried.
    pub(super) attempts: u32,
    /// Whether answers over UDP may be long (EDNS).
    pub(super) edns: bool,
    /// Whether questions go over TCP alone.
    pub(super) is_tcp: bool,
    /// What is appended to names without dots.
    suffixes: Vec<String>,
    /// The addresses of names that nobody is asked for.
    hosts: HashMap<String, Vec<IpAddr>>,
}

impl Settings {
    /// What these files say. Lines that make no sense are skipped; without a name server it is the one of this machine.
    pub(super) fn of(resolv_conf: &[u8], hosts: &str) -> Self {
        let (conf, _) = resolv_conf::Config::parse_with_errors(resolv_conf);
        let servers = conf.get_nameservers_or_local();
        let suffixes = conf.get_last_search_or_domain();
        let suffixes = suffixes.map(|suffix| suffix.trim_matches('.').to_lowercase());
        Self {
            servers: servers.iter().take(MAX_SERVERS).map(listening).collect(),
            timeout: Duration::from_secs(conf.timeout.max(1).into()),
            attempts: conf.attempts.max(1),
            edns: conf.edns0,
            is_tcp: conf.use_vc,
            suffixes: suffixes
                .filter(|suffix| !suffix.is_empty())
                .take(MAX_SUFFIXES)
                .collect(),
            hosts: hosts_of(hosts),
        }
    }

    /// The addresses of a host that needs no name server: one of the file's, or this machine itself.
    pub(super) fn known(&self, host: &str) -> Option<Vec<IpAddr>> {
        let host = host.trim_end_matches('.');
        if let Some(addresses) = self.hosts.get(host) {
            return Some(addresses.clone());
        }
        let is_here = host == "localhost" || host.ends_with(".localhost");
        is_here.then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
    }

    /// The names to ask for, one after the other. A name with a dot is absolute: whatever `ndots` says, nobody's suffix makes
    /// another host of a customer's.
    pub(super) fn absolute(&self, host: &str) -> Vec<String> {
        if let Some(host) = host.strip_suffix('.') {
            return vec![host.to_owned()];
        }
        let mut names = Vec::new();
        if !host.contains('.') {
            names.extend(self.suffixes.iter().map(|suffix| format!("{host}.{suffix}")));
        }
        names.push(host.to_owned());
        names
    }
}

/// The address of a name server; of one on a link, the interface may be named by its number.
fn listening(server: &ScopedIp) -> SocketAddr {
    match server {
        ScopedIp::V4(address) => SocketAddr::from((*address, PORT)),
        ScopedIp::V6(address, scope) => {
            let scope = scope.as_deref().and_then(interface).unwrap_or_default();
            SocketAddrV6::new(*address, PORT, 0, scope).into()
        }
    }
}

/// The number of a network interface that is given by number or name.
fn interface(scope: &str) -> Option<u32> {
    let number = scope.parse().ok();
    number.or_else(|| {
        let is_name = !scope.contains('/');
        let file = is_name.then(|| format!("/sys/class/net/{scope}/ifindex"))?;
        fs::read_to_string(file).ok()?.trim().parse().ok()
    })
}

/// The names in a file of hosts, and the addresses of each in the order of the file.
fn hosts_of(text: &str) -> HashMap<String, Vec<IpAddr>> {
    let mut hosts = HashMap::<String, Vec<IpAddr>>::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse) else {
            continue;
        };
        for name in words {
            let addresses = hosts
                .entry(name.trim_end_matches('.').to_lowercase())
                .or_default();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    hosts
}

/// What the system says now.
#[derive(Debug)]
pub(super) struct SystemSettings(Mutex<Read>);

#[derive(Debug)]
struct Read {
    settings: Arc<Settings>,
    editions: [Option<Edition>; 2],
    looked: Instant,
}

/// What changes with the content of a file.
type Edition = (u64, u64, i64, i64);

impl SystemSettings {
    pub(super) fn read() -> Self {
        let editions = editions();
        let settings = read_files().unwrap_or_else(|error| {
            tracing::warn!(%error, "the system's settings for names can't be read; this machine itself is asked for names");
            Settings::of(b"", "")
        });
        Self(Mutex::new(Read {
            settings: Arc::new(settings),
            editions,
            looked: Instant::now(),
        }))
    }

    /// What the files say, as of a second ago at most. Files that can't be read change nothing.
    pub(super) fn now(&self) -> Arc<Settings> {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if read.looked.elapsed() >= LOOK_EVERY {
            read.looked = Instant::now();
            let editions = editions();
            if editions != read.editions
                && let Ok(settings) = read_files()
            {
                read.editions = editions;
                read.settings = Arc::new(settings);
            }
        }
        Arc::clone(&read.settings)
    }
}

fn read_files() -> io::Result<Settings> {
    let or_nothing = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => Err(error),
    };
    let mut resolv_conf = fs::read(RESOLV_CONF).or_else(or_nothing)?;
    // As the C library has it, the environment has the last word.
    if let Ok(options) = std::env::var("RES_OPTIONS") {
        resolv_conf.extend_from_slice(format!("\noptions {options}\n").as_bytes());
    }
    let hosts = fs::read(HOSTS).or_else(or_nothing)?;
    Ok(Settings::of(&resolv_conf, &String::from_utf8_lossy(&hosts)))
}

fn editions() -> [Option<Edition>; 2] {
    [RESOLV_CONF, HOSTS].map(|file| {
        let found = fs::metadata(file).ok()?;
        Some((found.ino(), found.size(), found.mtime(), found.mtime_nsec()))
    })
}

#[cfg(test)]
mod tests;
