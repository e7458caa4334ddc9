use hickory_proto::rr::Record;
use hickory_proto::rr::rdata::{A, CNAME};
use tokio::net::TcpListener;

use super::*;

const NAME: &str = "hooks.customer.example";

fn question() -> Question {
    Question::new(NAME, RecordType::A, &Settings::of(b"", "")).unwrap()
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}

fn address(of: &str, last: u8) -> Record {
    Record::from_rdata(name(of), 60, RData::A(A::new(192, 0, 2, last)))
}

fn alias(of: &str, to: &str) -> Record {
    Record::from_rdata(name(of), 60, RData::CNAME(CNAME(name(to))))
}

/// An answer to a message, changed by `change`.
fn answer(message: &[u8], change: impl FnOnce(&mut Message)) -> Vec<u8> {
    let mut answer = Message::from_vec(message).unwrap().into_response();
    change(&mut answer);
    answer.to_vec().unwrap()
}

/// What a message is to the question, when a name server answers it so.
fn read(change: impl FnOnce(&mut Message)) -> Reading {
    let (id, message) = question().message().unwrap();
    question().read(id, &answer(&message, change))
}

fn found(reading: Reading) -> Result<Vec<String>, String> {
    match reading {
        Reading::Answer(Ok(found)) => Ok(found.iter().map(ToString::to_string).collect()),
        Reading::Answer(Err(error)) => Err(error.to_string()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn what_name_servers_say_has_a_sentence() {
    for (code, sentence) in [
        (ResponseCode::NoError, "the name has no address"),
        (ResponseCode::NXDomain, "there is no such name (NXDOMAIN)"),
        (
            ResponseCode::ServFail,
            "the name server could not find out (SERVFAIL)",
        ),
        (
            ResponseCode::Refused,
            "the name server refused to answer (REFUSED)",
        ),
        (
            ResponseCode::NotImp,
            "the name server answered with an error (Not Implemented)",
        ),
    ] {
        let reading = read(|answer| answer.metadata.response_code = code);
        assert_eq!(found(reading), Err(sentence.to_owned()));
    }
}

#[test]
fn aliases_are_followed_and_strangers_addresses_ignored() {
    for (records, expected) in [
        (
            vec![address(NAME, 1), address(NAME, 2)],
            &["192.0.2.1", "192.0.2.2"][..],
        ),
        (
            // In any order, in any case.
            vec![
                address("c.example", 3),
                alias("B.example", "c.example"),
                alias(NAME, "b.example"),
                address("stranger.example", 9),
            ],
            &["192.0.2.3"],
        ),
        (vec![address("stranger.example", 9)], &[]),
        (vec![alias(NAME, "b.example")], &[]),
        (vec![alias(NAME, "b.example"), alias("b.example", NAME)], &[]),
    ] {
        let reading = read(|answer| {
            answer.add_answers(records.clone());
        });
        let none = Err("the name has no address".to_owned());
        let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        let expected = if expected.is_empty() { none } else { Ok(expected) };
        assert_eq!(found(reading), expected, "{records:?}");
    }
}

#[test]
fn a_chain_of_aliases_has_a_bound() {
    for (length, is_followed) in [(16, true), (17, false)] {
        let link = |number| {
            if number == 0 {
                NAME.to_owned()
            } else {
                format!("{number}.example")
            }
        };
        let reading = read(|answer| {
            answer.add_answers((0..length).map(|number| alias(&link(number), &link(number + 1))));
            answer.add_answer(address(&link(length), 1));
        });
        assert_eq!(found(reading).is_ok(), is_followed, "{length}");
    }
}

#[test]
fn what_does_not_answer_the_question_is_noise() {
    let (id, message) = question().message().unwrap();
    let good = answer(&message, |answer| {
        answer.add_answer(address(NAME, 1));
    });
    assert!(matches!(question().read(id, &good), Reading::Answer(Ok(_))));
    let noise = |bytes: &[u8]| matches!(question().read(id, bytes), Reading::Noise);
    assert!(
        matches!(question().read(id ^ 1, &good), Reading::Noise),
        "wrong id"
    );
    assert!(noise(&message), "a question");
    assert!(noise(&[]) && noise(&id.to_be_bytes()) && noise(&good[..good.len() - 3]));
    for queries in [
        vec![],
        vec![Query::query(name("other.example"), RecordType::A)],
        vec![Query::query(name(NAME), RecordType::AAAA)],
        vec![Query::query(name(NAME), RecordType::A); 2],
    ] {
        let other = answer(&message, |answer| {
            answer.queries = queries.clone();
            answer.add_answer(address(NAME, 1));
        });
        assert!(noise(&other), "{queries:?}");
    }
    let reading = read(|answer| {
        answer.queries.clear();
        answer.metadata.response_code = ResponseCode::FormErr;
    });
    assert!(
        matches!(reading, Reading::Answer(Err(Unfound::Code(_)))),
        "{reading:?}"
    );
}

#[tokio::test]
async fn noise_is_waited_through_and_a_lost_question_is_asked_again() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = server.local_addr().unwrap();
    let serving = async {
        let mut buffer = [0; 512];
        // The first question is lost.
        server.recv_from(&mut buffer).await.unwrap();
        let (length, from) = server.recv_from(&mut buffer).await.unwrap();
        let message = &buffer[..length];
        let good = answer(message, |answer| {
            answer.add_answer(address(NAME, 1));
        });
        let wrong = answer(message, |answer| {
            answer.metadata.id ^= 1;
            answer.add_answer(address(NAME, 66));
        });
        let spoofed = answer(message, |answer| {
            answer.queries = vec![Query::query(name("other.example"), RecordType::A)];
            answer.add_answer(address(NAME, 66));
        });
        for bytes in [&wrong, &spoofed, &b"noise".to_vec(), &good] {
            server.send_to(bytes, from).await.unwrap();
        }
    };
    let question = question();
    let asking = question.ask(to, Duration::from_millis(50), 2);
    let (found, ()) = tokio::join!(asking, serving);
    assert_eq!(found.unwrap(), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
}

#[tokio::test]
async fn a_name_server_that_does_not_know_edns_is_asked_without_it() {
    // Whoever asked without EDNS is told of the error.
    for (options, asked) in [(&b"options edns0"[..], 2), (b"", 1)] {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = server.local_addr().unwrap();
        let serving = async {
            let mut buffer = [0; 512];
            for number in 1..=asked {
                let (length, from) = server.recv_from(&mut buffer).await.unwrap();
                let message = &buffer[..length];
                let edns = Message::from_vec(message).unwrap().edns.is_some();
                assert_eq!(edns, asked == 2 && number == 1);
                let answer = answer(message, |answer| {
                    if number == 2 {
                        answer.add_answer(address(NAME, 1));
                    } else {
                        answer.metadata.response_code = ResponseCode::FormErr;
                        answer.queries.clear();
                    }
                });
                server.send_to(&answer, from).await.unwrap();
            }
        };
        let question = Question::new(NAME, RecordType::A, &Settings::of(options, "")).unwrap();
        let asking = question.ask(to, Duration::from_secs(30), 1);
        let (found, ()) = tokio::join!(asking, serving);
        match found {
            Ok(found) => assert_eq!((found.len(), asked), (1, 2)),
            Err(error) => {
                assert!(matches!(error, Unfound::Code(ResponseCode::FormErr)) && asked == 1);
            }
        }
    }
}

/// A port that is free for both protocols.
async fn on_one_port() -> (UdpSocket, TcpListener) {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()).await {
            return (socket, listener);
        }
    }
}

#[tokio::test]
async fn a_truncated_or_oversized_answer_is_asked_for_over_tcp() {
    for is_oversized in [false, true] {
        let (server, listener) = on_one_port().await;
        let to = server.local_addr().unwrap();
        let serving = async {
            let mut buffer = [0; 512];
            let (length, from) = server.recv_from(&mut buffer).await.unwrap();
            let short = answer(&buffer[..length], |answer| {
                answer.metadata.truncation = !is_oversized;
                let count = if is_oversized { 250 } else { 0 };
                answer.add_answers((0..count).map(|last| address(NAME, last)));
                answer.add_answers((0..count).map(|last| address("stranger.example", last)));
            });
            server.send_to(&short, from).await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut message = vec![0; stream.read_u16().await.unwrap().into()];
            stream.read_exact(&mut message).await.unwrap();
            let long = answer(&message, |answer| {
                answer.add_answers((0..250).map(|last| address(NAME, last)));
            });
            stream.write_u16(long.len().try_into().unwrap()).await.unwrap();
            stream.write_all(&long).await.unwrap();
        };
        let question = question();
        let asking = question.ask(to, Duration::from_secs(30), 1);
        let (found, ()) = tokio::join!(asking, serving);
        assert_eq!(found.unwrap().len(), 250);
    }
}

#[test]
fn what_can_not_be_a_name_is_not_asked_for() {
    for text in ["a..b", ".", &"a".repeat(64), &format!("{}b", "a.".repeat(130))] {
        let asked = Question::new(text, RecordType::A, &Settings::of(b"", ""))
            .and_then(|question| question.message());
        assert!(asked.is_err() || text == ".", "{text}");
    }
}
