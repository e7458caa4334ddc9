use std::net::Ipv4Addr;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA};
use hickory_proto::rr::{RData, Record};
use tokio::net::UdpSocket;

use super::*;
use crate::fault::Fault;
use crate::transport::failure::{Error, classify};

const PATIENT: Duration = Duration::from_secs(30);

/// A name server that makes of each question what `answer` does of it; nothing if that is `None`.
async fn server(answer: fn(&mut Message, RecordType) -> Option<()>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let mut message = Message::from_vec(&buffer[..length]).unwrap().into_response();
            let kind = message.queries[0].query_type();
            if answer(&mut message, kind).is_some() {
                socket.send_to(&message.to_vec().unwrap(), from).await.unwrap();
            }
        }
    });
    address
}

fn add(message: &mut Message, data: RData) {
    let name = message.queries[0].name().clone();
    message.add_answer(Record::from_rdata(name, 0, data));
}

fn v4(message: &mut Message) {
    add(message, RData::A(A::new(192, 0, 2, 1)));
}

fn settings(servers: Vec<SocketAddr>) -> Settings {
    let mut settings = Settings::of(b"search corp.example\n", "");
    settings.servers = servers;
    settings
}

async fn find(servers: Vec<SocketAddr>, host: &str) -> Result<Vec<String>, String> {
    found(look_up(&settings(servers), host, PATIENT).await)
}

fn found(found: Result<Vec<IpAddr>, Unfound>) -> Result<Vec<String>, String> {
    found
        .map(|addresses| addresses.iter().map(ToString::to_string).collect())
        .map_err(|error| error.to_string())
}

fn only_v4() -> Result<Vec<String>, String> {
    Ok(vec!["192.0.2.1".to_owned()])
}

#[tokio::test]
async fn both_families_are_found_and_one_that_is_not_answered_for_is_done_without() {
    let both = server(|message, kind| {
        match kind {
            RecordType::A => v4(message),
            _ => add(message, RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
        }
        Some(())
    })
    .await;
    let expected = vec!["192.0.2.1".to_owned(), "2001:db8::1".to_owned()];
    assert_eq!(find(vec![both], "a.example").await, Ok(expected));

    let silent_for_v6 = server(|message, kind| (kind == RecordType::A).then(|| v4(message))).await;
    assert_eq!(find(vec![silent_for_v6], "a.example").await, only_v4());

    let failing_for_v6 = server(|message, kind| {
        match kind {
            RecordType::A => v4(message),
            _ => message.metadata.response_code = ResponseCode::ServFail,
        }
        Some(())
    })
    .await;
    assert_eq!(find(vec![failing_for_v6], "a.example").await, only_v4());
}

#[tokio::test]
async fn a_name_server_that_fails_refuses_or_never_answers_makes_way_for_the_next() {
    let good = server(|message, kind| {
        if kind == RecordType::A {
            v4(message);
        }
        Some(())
    })
    .await;
    let failing = server(|message, _| {
        message.metadata.response_code = ResponseCode::ServFail;
        Some(())
    })
    .await;
    let refusing = server(|message, _| {
        message.metadata.response_code = ResponseCode::Refused;
        Some(())
    })
    .await;
    let silent = server(|_, _| None).await;
    // Nobody listens there.
    let gone = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), 1));
    for first in [failing, refusing, silent, gone] {
        assert_eq!(find(vec![first, good], "a.example").await, only_v4(), "{first}");
    }
    assert_eq!(
        find(vec![gone, failing], "a.example").await,
        Err("the name server could not find out (SERVFAIL)".to_owned())
    );
    assert_eq!(
        find(vec![gone], "a.example").await,
        Err("no name server can be reached: connection refused".to_owned())
    );
}

#[tokio::test]
async fn no_such_name_is_an_answer_and_no_other_server_is_asked() {
    let knowing = server(|message, _| {
        message.metadata.response_code = ResponseCode::NXDomain;
        Some(())
    })
    .await;
    let inventing = server(|message, _| {
        v4(message);
        Some(())
    })
    .await;
    assert_eq!(
        find(vec![knowing, inventing], "a.example").await,
        Err("there is no such name (NXDOMAIN)".to_owned())
    );
}

#[tokio::test]
async fn only_a_name_without_dots_is_looked_for_among_the_systems_own() {
    let own = server(|message, kind| {
        let is_own = message.queries[0].name().to_string() == "backend.corp.example.";
        match (is_own, kind) {
            (true, RecordType::A) => v4(message),
            (true, _) => {}
            (false, _) => message.metadata.response_code = ResponseCode::NXDomain,
        }
        Some(())
    })
    .await;
    assert_eq!(find(vec![own], "backend").await, only_v4());
    for host in ["backend.", "a.backend", "backend.corp"] {
        let none = Err("there is no such name (NXDOMAIN)".to_owned());
        assert_eq!(find(vec![own], host).await, none, "{host}");
    }
}

#[tokio::test]
async fn a_look_up_that_is_not_answered_ends_in_time_and_is_the_names_failure() {
    let silent = server(|_, _| None).await;
    let soon = Duration::from_millis(300);
    let error = look_up(&settings(vec![silent]), "a.example", soon)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "no answer of a name server within 300ms");
    let fault = classify(Error::Unresolved(error.into()), "a.example");
    let sentence = "the name a.example did not resolve: no answer of a name server within 300ms";
    assert_eq!(
        fault,
        Fault::Receiver(domain::delivery::Failure::Dns, sentence.to_owned())
    );
}

#[tokio::test]
async fn the_system_knows_this_machine_and_no_invalid_name() {
    let resolver = SystemResolver::for_attempts_of(Duration::from_secs(10));
    let found: Vec<_> = resolver
        .resolve("localhost".parse().unwrap())
        .await
        .unwrap()
        .collect();
    assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()));
    let invalid = resolver.resolve("nothing.invalid".parse().unwrap()).await;
    assert_eq!(
        invalid.err().unwrap().to_string(),
        "there is no such name (NXDOMAIN)"
    );
}
