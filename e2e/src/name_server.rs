//! A scripted DNS server that counts the lookups of each name.
//!
//! It listens where the system's resolver looks for it, so use it in a network namespace whose `/etc/resolv.conf` names it. It
//! knows only addresses, and speaks TCP only where an answer is [`Conduct::Truncated`]. No answer may be cached. What it does wrong is a [`Conduct`] of a name.

mod conduct;

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

pub use conduct::Conduct;

use crate::namespaces::{run, set_file};

const A: u16 = 1;
const AAAA: u16 = 28;

type Decide = Box<dyn Fn(usize) -> Vec<IpAddr> + Send>;

/// A name server that answers until the process ends.
#[derive(Debug, Clone)]
pub struct NameServer {
    names: Arc<Mutex<HashMap<String, Name>>>,
    is_failing: Arc<AtomicBool>,
}

/// Which addresses a name has, and how often it was looked up.
struct Name {
    decide: Decide,
    asked: usize,
    conduct: Conduct,
}

impl std::fmt::Debug for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "asked {} times", self.asked)
    }
}

impl NameServer {
    /// Starts a server at this address that knows no name.
    ///
    /// # Panics
    ///
    /// When it can't listen there.
    #[must_use]
    pub fn start(address: SocketAddr) -> Self {
        let server = Self {
            names: Arc::default(),
            is_failing: Arc::default(),
        };
        let socket = UdpSocket::bind(address)
            .unwrap_or_else(|error| panic!("cannot serve names at {address}: {error}"));
        let listener = TcpListener::bind(address)
            .unwrap_or_else(|error| panic!("cannot serve long answers at {address}: {error}"));
        let answering = server.clone();
        thread::spawn(move || answering.serve(&socket));
        let answering = server.clone();
        thread::spawn(move || answering.serve_long(&listener));
        server
    }

    /// Brings loopback up, and starts the server that the system asks, with these settings in place of its `/etc/resolv.conf`. Only in
    /// namespaces for mounts and the network.
    #[must_use]
    pub fn start_for_the_system(resolv_conf: &str) -> Self {
        set_file("/etc/resolv.conf", resolv_conf);
        run("ip", &["link", "set", "lo", "up"]);
        Self::start(SocketAddr::from(([127, 0, 0, 1], 53)))
    }

    /// Gives a name these addresses.
    pub fn set(&self, name: &str, addresses: &[&str]) {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        self.decide(name, move |_| addresses.clone());
    }

    /// Lets `decide` choose the addresses of a name at each lookup, by the number of the lookup, from 1.
    pub fn decide(&self, name: &str, decide: impl Fn(usize) -> Vec<IpAddr> + Send + 'static) {
        let name = name.to_owned();
        let decide = Box::new(decide);
        let conduct = Conduct::default();
        self.names().insert(
            name,
            Name {
                decide,
                asked: 0,
                conduct,
            },
        );
    }

    /// From now on it answers questions about a name that it knows like this.
    pub fn behave(&self, name: &str, conduct: Conduct) {
        self.names().get_mut(name).expect("a name that was set").conduct = conduct;
    }

    /// From now on it answers every question with a failure of its own (SERVFAIL), or no longer does.
    pub fn fail(&self, is_failing: bool) {
        self.is_failing.store(is_failing, Ordering::SeqCst);
    }

    /// How often a name was looked up.
    #[must_use]
    pub fn asked(&self, name: &str) -> usize {
        self.names().get(name).map_or(0, |name| name.asked)
    }

    fn serve(&self, socket: &UdpSocket) {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            let query = &query[..length];
            let Some(good) = self.answer(query) else {
                continue;
            };
            let (delay, answers) = self.conduct(query).answers(query, good);
            let socket = socket.try_clone().unwrap();
            let send = move || {
                thread::sleep(delay);
                for answer in answers {
                    // Whoever asked may be gone.
                    drop(socket.send_to(&answer, from));
                }
            };
            if delay.is_zero() {
                send();
            } else {
                thread::spawn(send);
            }
        }
    }

    fn serve_long(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            let answering = self.clone();
            thread::spawn(move || stream.and_then(|stream| answering.answer_long(stream)));
        }
    }

    fn answer_long(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut query = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut query)?;
        if self.conduct(&query) != Conduct::Truncated {
            return Ok(());
        }
        let answer = self.answer(&query).unwrap_or_default();
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        stream.write_all(&[&length, &answer[..]].concat())
    }

    fn conduct(&self, query: &[u8]) -> Conduct {
        let name = name_at(query, 12).map(|(name, _)| name);
        let names = self.names();
        name.and_then(|name| names.get(&name))
            .map_or(Conduct::Good, |name| name.conduct)
    }

    /// The answer to a query for one name; `None` to anything else.
    fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let (name, end) = name_at(query, 12)?;
        let kind = kind_of(query)?;
        let error = match self.conduct(query) {
            _ if self.is_failing.load(Ordering::SeqCst) => Some(2),
            Conduct::Fails => Some(2),
            Conduct::Refuses => Some(5),
            _ => None,
        };
        let addresses = self.addresses(&name, kind);
        let code = error.unwrap_or(if addresses.is_some() { 0 } else { 3 });
        let addresses = addresses.filter(|_| code == 0);
        let found: Vec<_> = addresses.iter().flatten().collect();
        let [count_high, count_low] = u16::try_from(found.len()).ok()?.to_be_bytes();
        let mut answer = query[..2].to_vec();
        answer.extend([0x81, 0x80 | code, 0, 1, count_high, count_low, 0, 0, 0, 0]);
        answer.extend(query.get(12..end + 4)?);
        for address in found {
            let octets = match address {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            // The name of the question, the type, class IN, no lifetime.
            answer.extend([0xc0, 12]);
            answer.extend(kind.to_be_bytes());
            answer.extend([0, 1, 0, 0, 0, 0, 0, u8::try_from(octets.len()).ok()?]);
            answer.extend(octets);
        }
        Some(answer)
    }

    /// The addresses of one kind that a name has; `None` if there is no such name. A lookup asks for both kinds, and counts once.
    fn addresses(&self, name: &str, kind: u16) -> Option<Vec<IpAddr>> {
        let mut names = self.names();
        let known = names.get_mut(name)?;
        if kind == A {
            known.asked += 1;
        }
        let mut addresses = (known.decide)(known.asked.max(1));
        addresses.retain(|address| match kind {
            A => address.is_ipv4(),
            AAAA => address.is_ipv6(),
            _ => false,
        });
        Some(addresses)
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, Name>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What kind of addresses a query asks for.
fn kind_of(query: &[u8]) -> Option<u16> {
    let (_, end) = name_at(query, 12)?;
    Some(u16::from_be_bytes([*query.get(end)?, *query.get(end + 1)?]))
}

/// Reads the name that begins here, and says where it ends.
fn name_at(query: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), start);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        let label = query.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        at += length;
    }
}
