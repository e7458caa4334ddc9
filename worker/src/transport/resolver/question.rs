//! One question to one name server: over UDP, again if nothing comes, over TCP if the answer was too long, and without EDNS if the
//! server doesn't know that.
//!
//! What is not an answer to this question is ignored, as if it had not come: wrong ids, other questions, noise. Anybody may have
//! sent that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use super::settings::Settings;
use super::unfound::Unfound;

/// The longest message over UDP that is read; what is longer is asked for over TCP.
const MAX_DATAGRAM: usize = 4096;

/// The longest datagram that a name server is asked for, with EDNS: one that no network cuts up.
const MAX_PAYLOAD: u16 = 1232;

/// How many aliases (CNAME) lead from a name to its addresses at most.
const MAX_ALIASES: usize = 16;

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Question {
    query: Query,
    edns: bool,
    is_tcp: bool,
}

/// What a message of a name server is to a question.
#[derive(Debug)]
enum Reading {
    /// Nothing.
    Noise,
    /// Only the beginning of an answer.
    Truncated,
    Answer(Result<Vec<IpAddr>, Unfound>),
}

impl Question {
    /// Asks for the addresses of one kind of an absolute name.
    pub(super) fn new(name: &str, kind: RecordType, settings: &Settings) -> Result<Self, Unfound> {
        let mut name = Name::from_ascii(name).map_err(|_| Unfound::NoName)?;
        name.set_fqdn(true);
        Ok(Self {
            query: Query::query(name, kind),
            edns: settings.edns,
            is_tcp: settings.is_tcp,
        })
    }

    /// Asks a name server, and again whenever nothing has come for `again_after`, `tries` times in all; then waits on, for as long as
    /// it is polled.
    pub(super) async fn ask(
        &self,
        server: SocketAddr,
        again_after: Duration,
        tries: u32,
    ) -> Result<Vec<IpAddr>, Unfound> {
        match self.ask_as_it_is(server, again_after, tries).await {
            // So says a server that doesn't know EDNS (RFC 6891 §6.2.2).
            Err(Unfound::Code(ResponseCode::FormErr)) if self.edns => {
                let edns = false;
                let plain = Self { edns, ..self.clone() };
                plain.ask_as_it_is(server, again_after, tries).await
            }
            answer => answer,
        }
    }

    async fn ask_as_it_is(
        &self,
        server: SocketAddr,
        again_after: Duration,
        tries: u32,
    ) -> Result<Vec<IpAddr>, Unfound> {
        let (id, message) = self.message()?;
        if self.is_tcp {
            return self.ask_over_tcp(server, id, &message).await;
        }
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        // A port of its own for each question is half of what a stranger has to guess.
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(server).await?;
        let mut buffer = vec![0; MAX_DATAGRAM];
        let mut tried = 0;
        loop {
            if tried < tries {
                tried += 1;
                socket.send(&message).await?;
            }
            let again = tokio::time::sleep(again_after);
            tokio::pin!(again);
            loop {
                let length = tokio::select! {
                    read = socket.recv(&mut buffer) => read?,
                    () = &mut again, if tried < tries => break,
                };
                match self.read(id, &buffer[..length]) {
                    Reading::Noise => {}
                    Reading::Truncated => return self.ask_over_tcp(server, id, &message).await,
                    Reading::Answer(answer) => return answer,
                }
            }
        }
    }

    async fn ask_over_tcp(
        &self,
        server: SocketAddr,
        id: u16,
        message: &[u8],
    ) -> Result<Vec<IpAddr>, Unfound> {
        let mut stream = TcpStream::connect(server).await?;
        let length = u16::try_from(message.len()).map_err(|_| Unfound::NoName)?;
        stream
            .write_all(&[&length.to_be_bytes(), message].concat())
            .await?;
        loop {
            let mut answer = vec![0; stream.read_u16().await?.into()];
            stream.read_exact(&mut answer).await?;
            match self.read(id, &answer) {
                Reading::Noise => {}
                // There is no longer way.
                Reading::Truncated => return Err(Unfound::Failed),
                Reading::Answer(answer) => return answer,
            }
        }
    }

    /// The question as it goes out, and its id.
    fn message(&self) -> Result<(u16, Vec<u8>), Unfound> {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(self.query.clone());
        if self.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(MAX_PAYLOAD);
            message.set_edns(edns);
        }
        let bytes = message.to_vec().map_err(|_| Unfound::NoName)?;
        Ok((message.metadata.id, bytes))
    }

    /// What a message is to the question with this id.
    fn read(&self, id: u16, bytes: &[u8]) -> Reading {
        let has_id = bytes.first_chunk() == Some(&id.to_be_bytes());
        if !has_id {
            return Reading::Noise;
        }
        let Ok(message) = Message::from_vec(bytes) else {
            let is_cut = bytes.len() == MAX_DATAGRAM;
            return if is_cut {
                Reading::Truncated
            } else {
                Reading::Noise
            };
        };
        let code = message.metadata.response_code;
        let is_about_this = message.queries.as_slice() == std::slice::from_ref(&self.query);
        // Some servers don't repeat a question that they didn't understand.
        let is_refusal =
            message.queries.is_empty() && !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain);
        if message.metadata.message_type != MessageType::Response || !(is_about_this || is_refusal) {
            return Reading::Noise;
        }
        if message.metadata.truncation {
            return Reading::Truncated;
        }
        Reading::Answer(match code {
            ResponseCode::NoError => self.addresses_in(&message),
            ResponseCode::NXDomain => Err(Unfound::NoSuchName),
            ResponseCode::ServFail => Err(Unfound::Failed),
            ResponseCode::Refused => Err(Unfound::Refused),
            code => Err(Unfound::Code(code)),
        })
    }

    /// The addresses that an answer has for the name, or for what it is an alias of.
    fn addresses_in(&self, message: &Message) -> Result<Vec<IpAddr>, Unfound> {
        let mut name = self.query.name();
        for _ in 0..=MAX_ALIASES {
            let of_name = message.answers.iter().filter(|record| record.name == *name);
            let found: Vec<_> = of_name
                .clone()
                .filter(|record| record.data.record_type() == self.query.query_type())
                .filter_map(|record| record.data.ip_addr())
                .collect();
            if !found.is_empty() {
                return Ok(found);
            }
            let alias = of_name.into_iter().find_map(|record| match &record.data {
                RData::CNAME(alias) => Some(&alias.0),
                _ => None,
            });
            match alias {
                Some(alias) => name = alias,
                None => break,
            }
        }
        Err(Unfound::NoAddress)
    }
}

#[cfg(test)]
mod tests;
