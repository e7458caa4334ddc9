//! The system's resolver: asks the name servers of this machine for the addresses of a name.
//!
//! It does so itself, and not through the C library, so that a look-up that nobody waits for any more can be stopped. It keeps no
//! answers: that is for the name servers, and each connection is judged by what they say now.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::select;
use futures_util::stream::FuturesUnordered;
use hickory_proto::rr::RecordType;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::question::Question;
use super::settings::{Settings, SystemSettings};
use super::unfound::Unfound;

/// The longest that a look-up takes, however long an attempt may.
const LONGEST: Duration = Duration::from_secs(5);

/// How long a name server has to itself, at most, before it is asked again and the next one is asked beside it.
const HEAD_START: Duration = Duration::from_secs(1);

/// How long addresses of one family wait for those of the other. Long enough that both are judged if the name server has both.
const OTHER_FAMILY: Duration = Duration::from_millis(250);

/// The system's resolver.
#[derive(Debug)]
pub(crate) struct SystemResolver {
    settings: Arc<SystemSettings>,
    longest: Duration,
}

impl SystemResolver {
    /// One for attempts that may take this long. A look-up takes half of that at most: then it has failed, and not the attempt.
    pub(crate) fn for_attempts_of(timeout: Duration) -> Self {
        Self {
            settings: Arc::new(SystemSettings::read()),
            longest: LONGEST.min(timeout / 2),
        }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (settings, longest) = (Arc::clone(&self.settings), self.longest);
        Box::pin(async move {
            let addresses = look_up(&settings.now(), name.as_str(), longest).await?;
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The addresses of a host, looked up as these settings say, for no longer than `longest`.
async fn look_up(settings: &Settings, host: &str, longest: Duration) -> Result<Vec<IpAddr>, Unfound> {
    if let Some(addresses) = settings.known(host) {
        return Ok(addresses);
    }
    let longest = longest.min(settings.timeout.saturating_mul(settings.attempts));
    let in_turn = async {
        let mut unfound = Unfound::NoSuchName;
        for name in settings.absolute(host) {
            match both_families(settings, &name).await {
                Err(error @ (Unfound::NoSuchName | Unfound::NoAddress)) => unfound = error,
                decided => return decided,
            }
        }
        Err(unfound)
    };
    tokio::time::timeout(longest, in_turn)
        .await
        .unwrap_or(Err(Unfound::Late(longest)))
}

/// The addresses of an absolute name, those of IPv4 first. Both are asked for at once; a family that is not answered for costs a
/// moment if the other one is.
async fn both_families(settings: &Settings, name: &str) -> Result<Vec<IpAddr>, Unfound> {
    // RFC 6761: nobody needs to be asked.
    if name == "invalid" || name.ends_with(".invalid") {
        return Err(Unfound::NoSuchName);
    }
    let [v4, v6] = [RecordType::A, RecordType::AAAA].map(|kind| {
        Box::pin(async move { one_family(settings, Question::new(name, kind, settings)?).await })
    });
    let (first, other) = select(v4, v6).await.factor_first();
    let other = match (&first, other) {
        (Ok(_), other) => tokio::time::timeout(OTHER_FAMILY, other)
            .await
            .unwrap_or(Err(Unfound::NoAddress)),
        (Err(Unfound::NoSuchName | Unfound::Lacking(_)), _) => return first,
        (Err(_), other) => other.await,
    };
    match (first, other) {
        (Ok(mut first), Ok(other)) => {
            first.extend(other);
            first.sort_by_key(IpAddr::is_ipv6);
            Ok(first)
        }
        (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
        // One family is not there; what became of the other says more.
        (Err(Unfound::NoAddress), Err(error)) | (Err(error), Err(_)) => Err(error),
    }
}

/// The addresses of one family, from the first name server that knows. One that fails, or lets us wait, makes way for the next.
async fn one_family(settings: &Settings, question: Question) -> Result<Vec<IpAddr>, Unfound> {
    let patience = settings.timeout.min(HEAD_START);
    let mut next = settings.servers.iter();
    let mut asked = FuturesUnordered::new();
    let mut failed = None;
    loop {
        if let Some(server) = next.next() {
            asked.push(question.ask(*server, patience, settings.attempts));
        }
        tokio::select! {
            answer = asked.next() => match answer {
                Some(Err(error)) if !error.is_final() => failed = Some(error),
                Some(decided) => return decided,
                None => {
                    let none = || Unfound::Unreachable(io::ErrorKind::NotFound.to_string());
                    return Err(failed.unwrap_or_else(none));
                }
            },
            () = tokio::time::sleep(patience), if next.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests;
