//! Crowds at the door of the API: how much later do events arrive? `doors`.
//!
//! More clients than the API has places send a byte now and then, or ask for the documentation and don't read it; those that are
//! thrown out come again. Events are pushed meanwhile as ever.

use std::net::SocketAddr;
use std::time::Duration;

use e2e::clerk::Claims;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Setting;
use super::steady::{RATE, Steady};
use crate::child::ReceiverServer;
use crate::measured::Measured;
use crate::subject::Subject;

/// More than the API has places (1,024).
const CROWD: usize = 1060;

/// How often a slow client sends a byte.
const DRIP: Duration = Duration::from_secs(4);

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(20 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    let events = events(setting);
    format!("{events} events of 600 bytes, {RATE} a second, while {CROWD} clients crowd the API")
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let mut subject = Subject::webhooks(|builder| builder).await;
    let steady = Steady::instant(&subject, &receiver, events(setting)).await;
    let (address, mut measured) = (subject.target().address, Measured::default());

    let mut crowd = JoinSet::new();
    let size = if variant == "no crowd" { 0 } else { CROWD };
    for number in 0..size {
        let (start, drips) = match variant {
            "slow readers" => ("GET /docs HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), false),
            _ => (slow_request(&mut subject, number), true),
        };
        crowd.spawn(push_in(address, start, drips));
    }
    steady.warm_up(&mut measured).await;
    let course = steady.run(&subject).await;
    crowd.shutdown().await;
    course.tell(&subject, 1, &mut measured);
    subject.stop();
    measured
}

/// The start of a head, or of a body of one of ten accounts.
fn slow_request(subject: &mut Subject, number: usize) -> String {
    if number.is_multiple_of(2) {
        return "GET /healthz HTTP/1.1\r\nx-slow: ".to_owned();
    }
    let organisation = format!("org_2slow{}", number / 2 % 10);
    let token = Claims::v2("user_2slow", Some(&organisation)).sign(&subject.system().key);
    format!(
        "POST /api/webhooks-config HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 15000\r\n\r\n{{"
    )
}

/// Sends the start of a request, and then a byte now and then, or reads nothing; comes again when it is thrown out.
async fn push_in(address: SocketAddr, start: String, drips: bool) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await
            && stream.write_all(start.as_bytes()).await.is_ok()
        {
            let (mut reader, mut writer) = stream.split();
            let dripping = async {
                loop {
                    tokio::time::sleep(DRIP).await;
                    let written = if drips {
                        writer.write_all(b" ").await
                    } else {
                        Ok(())
                    };
                    if written.is_err() {
                        return;
                    }
                }
            };
            let mut said = Vec::new();
            tokio::select! {
                () = dripping => {}
                // Who doesn't read notices nothing.
                _ = reader.read_to_end(&mut said), if drips => {}
                () = tokio::time::sleep(3 * DRIP), if !drips => {}
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
