//! Names that are never answered, and many names of one address: how much later do others get their events? `names`.
//!
//! A name server of our own stands where the system's is, so each run takes place in namespaces of its own: the program starts itself
//! again there. The endpoint that is measured has its connections closed, and needs a look-up for each request.
//!
//! - *silent names*: four other accounts have 99 endpoints each whose names are never answered.
//! - *wildcard names*: 400 new endpoints of another account hang, each at a name of its own that leads to the same address.

use std::process::Stdio;

use e2e::name_server::{Conduct, NameServer};
use e2e::namespaces;
use serde::Deserialize as _;
use serde_json::Value;

use super::Setting;
use super::neighbours::{FRESH, GREEDY, take_slots};
use super::steady::{RATE, Steady};
use crate::child::ReceiverServer;
use crate::load::{Events, at_rate};
use crate::measured::Measured;
use crate::subject::{Subject, account};

/// Accounts with names that are never answered, the endpoints of each, and the events that each of these gets.
const ACCOUNTS: u32 = 4;
const SILENT: u32 = 99;
const SILENT_EVENTS: u32 = 5;

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(20 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    let events = events(setting);
    format!(
        "{events} events of 600 bytes, {RATE} a second, to 1 endpoint, with a look-up each, beside names that are never answered, or many of one address"
    )
}

/// Why it can't be measured here.
pub(super) fn obstacle() -> Option<String> {
    let reason = (!namespaces::is_inside()).then(namespaces::obstacle).flatten()?;
    Some(format!(
        "its name server needs mounts and a network of its own ({reason})"
    ))
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    if namespaces::is_inside() {
        measure_here(variant, setting).await
    } else {
        tokio::task::block_in_place(|| measure_inside(variant, setting))
    }
}

/// Has another process measure in new namespaces.
fn measure_inside(variant: &str, setting: Setting) -> Measured {
    let mut command = namespaces::apart(&["--mount", "--net"]);
    command.args(["run", "names", "--only", variant, "--runs", "1", "--json"]);
    if setting.brief {
        command.arg("--brief");
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .expect("unshare can be run");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report of the process inside");
    let measured = &report[0]["variants"][0]["runs"][0];
    Measured::deserialize(measured).expect("what one run came to")
}

async fn measure_here(variant: &str, setting: Setting) -> Measured {
    let names = NameServer::start_for_the_system("nameserver 127.0.0.1\n");
    let receiver = ReceiverServer::start();
    let subject = Subject::webhooks(|builder| {
        let builder = builder
            .env("MAX_ENDPOINTS_PER_ACCOUNT", "1000")
            // Who is disabled asks for no name any more.
            .worker_env("DISABLE_AFTER", "1000")
            .worker_env("DESTINATION_CONCURRENCY", "64");
        if setting.brief {
            builder.env("DELIVERY_TIMEOUT", "1s")
        } else {
            builder
        }
    })
    .await;
    names.set("hooks.healthy.example", &["127.0.0.1"]);
    let path = "/closing/0";
    let url = receiver.url_named("hooks.healthy.example", path);
    let mut measured = Measured::default();
    let steady = Steady::at(&subject, &receiver, &url, path, events(setting)).await;
    steady.warm_up(&mut measured).await;

    let mut greedy = Vec::new();
    match variant {
        "silent names" => greedy = ask_in_vain(&subject, &receiver, &names, &mut measured).await,
        "wildcard names" => {
            greedy = (0..FRESH)
                .map(|number| format!("{number}.wild.example"))
                .collect();
            let url = |number| {
                let name: &String = &greedy[number as usize];
                names.set(name, &["127.0.0.2"]);
                receiver.url_named(name, &format!("/hang/{number}"))
            };
            take_slots(&subject, url, &mut measured).await;
        }
        _ => {}
    }
    let course = steady.run(&subject).await;
    let asked: usize = greedy.iter().map(|name| names.asked(name)).sum();
    measured.demand(asked > 0 || greedy.is_empty(), "nobody looked the other names up");
    measured.count("others: look-ups", asked as u64);
    measured.count("others: requests", receiver.counts("/hang/").await.requests);
    course.tell(&subject, 1, &mut measured);
    subject.stop();
    measured
}

/// Events for endpoints whose names are never answered; which these are.
async fn ask_in_vain(
    subject: &Subject,
    receiver: &ReceiverServer,
    names: &NameServer,
    measured: &mut Measured,
) -> Vec<String> {
    let mut silent = Vec::new();
    for number in 0..ACCOUNTS {
        let mut urls = Vec::new();
        for of in 0..SILENT {
            let name = format!("{of}.silent{number}.example");
            names.set(&name, &["127.0.0.2"]);
            names.behave(&name, Conduct::Silent);
            urls.push((receiver.url_named(&name, "/hang/silent"), None));
            silent.push(name);
        }
        subject.add_endpoints(&organisation(number), &urls).await;
    }
    let load = Events {
        accounts: (0..ACCOUNTS)
            .map(|number| account(&organisation(number)))
            .collect(),
        ..Events::of(&account(GREEDY), 600)
    };
    let events = ACCOUNTS * SILENT_EVENTS;
    let pushed = at_rate(&subject.target(), &load, 0..events, RATE).await;
    measured.hold_pushed(&pushed, events.into(), SILENT.into());
    silent
}

fn organisation(number: u32) -> String {
    format!("org_2silent{number}")
}
