use std::time::Duration;

use super::*;
use crate::log::Phases;
use crate::queue::{LeaseToken, Outcome};

const DELIVERY: &str = "dlv_01m8d0tzr76wrk36rcxj1bqxs3_x32e3qkbkp0e9gs2";

fn line(event: &str, status: Option<u16>, phases: Phases) -> String {
    let attempt = AttemptRecord {
        status,
        duration: Duration::from_micros(3_900),
        phases,
        ..AttemptRecord::default()
    };
    let token = "6jeyzdjvqy94wfs7:19 1795733547096|a.example:443 org:org_1|13|1|2|600";
    let report = Report {
        delivery: DELIVERY.parse().unwrap(),
        token: LeaseToken::from_stored(token.to_owned()),
        event: event.to_owned(),
        outcome: Outcome::Crowded,
    };
    packed(&report, &attempt, "succeeded")
}

#[test]
fn a_line_has_a_word_for_each_thing() {
    let phases = Phases {
        dns: Some(Duration::from_micros(1_200)),
        first_byte: Some(Duration::from_millis(3)),
        ..Phases::default()
    };
    assert_eq!(
        line("lead.captured", Some(200), phases),
        format!("{DELIVERY} lead.captured 2 succeeded 3 200 dns=1.2 firstByte=3.0")
    );
}

#[test]
fn what_is_absent_is_a_dash() {
    assert_eq!(
        line("", None, Phases::default()),
        format!("{DELIVERY} - 2 succeeded 3 - -")
    );
}
