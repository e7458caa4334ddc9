use std::collections::HashSet;
use std::time::{Duration, Instant};

use domain::id::AccountId;
use reqwest::Url;

use super::{Known, MOST, Site, TOLD_EVERY};

fn answered(known: &mut Known, now: Instant, account: &str, host: &str) {
    let url = Url::parse(&format!("https://{host}/hook?key=secret")).unwrap();
    let account: AccountId = format!("org:{account}").parse().unwrap();
    known.answered(now, &Site::of(host), &url, &account);
}

fn chosen(known: &mut Known, now: Instant, most: usize, failed: &[&str]) -> Vec<String> {
    let failed: HashSet<_> = failed.iter().map(|host| Site::of(host)).collect();
    let chosen = known.choose(now, most, &failed, |_| true);
    chosen
        .iter()
        .map(|(_, url)| url.host_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_site_is_told_once_a_minute_and_without_what_its_url_may_hide() {
    let (mut known, start) = (Known::default(), Instant::now());
    answered(&mut known, start, "a", "a.test");
    assert_eq!(known.news(start, 10), ["https://a.test/ org:a"]);
    answered(&mut known, start + TOLD_EVERY / 2, "a", "sub.a.test");
    assert_eq!(known.news(start + TOLD_EVERY / 2, 10), Vec::<String>::new());
    let later = start + TOLD_EVERY;
    answered(&mut known, later, "a", "a.test");
    assert_eq!(known.news(later, 10), ["https://a.test/ org:a"]);
}

#[test]
fn what_others_tell_is_read_back() {
    let (mut one, mut other, now) = (
        Known::default(),
        Known::default(),
        Instant::now() + Duration::from_secs(9999),
    );
    answered(&mut one, now, "a", "a.test");
    for told in one.news(now, 10) {
        other.heard_of(now, &told, Duration::from_secs(3599));
    }
    other.heard_of(now, "nonsense", Duration::ZERO);
    other.heard_of(now, "https://check.test/ check", Duration::ZERO);
    assert!(other.answered_lately(now, &Site::of("www.a.test")));
    assert!(!other.answered_lately(now + Duration::from_secs(1), &Site::of("a.test")));
    assert!(!other.has_several_accounts(now));
    assert_eq!(other.count(now, |_| true), 1, "a check is no site");
}

#[test]
fn probes_take_turns_and_of_each_account_one_before_the_second_of_any() {
    let (mut known, start) = (Known::default(), Instant::now());
    let at = |seconds| start + Duration::from_secs(seconds);
    answered(&mut known, at(1), "quiet", "quiet.test");
    for (second, host) in [(2, "x1.test"), (3, "x2.test"), (4, "x3.test"), (5, "x4.test")] {
        answered(&mut known, at(second), "busy", host);
    }
    answered(&mut known, at(6), "failed", "failed.test");
    let failed = ["failed.test"];
    assert_eq!(chosen(&mut known, at(7), 2, &failed), ["x4.test", "quiet.test"]);
    assert_eq!(
        chosen(&mut known, at(8), 4, &failed),
        ["x3.test", "x2.test", "x1.test", "failed.test"]
    );
    assert_eq!(
        chosen(&mut known, at(9), 3, &failed),
        ["x4.test", "quiet.test", "x3.test"],
        "and again from the start"
    );
    known.forget_probes();
    assert_eq!(chosen(&mut known, at(10), 1, &failed), ["x4.test"]);
}

#[test]
fn nobody_fills_the_list_with_names_of_his_own_and_it_is_bounded() {
    let (mut known, now) = (Known::default(), Instant::now());
    for number in 0..100 {
        answered(&mut known, now, "a", &format!("n{number}.wildcard.test"));
    }
    assert_eq!(known.count(now, |_| true), 1);
    for number in 0..MOST + 10 {
        answered(&mut known, now, "a", &format!("n{number}.test"));
    }
    assert_eq!(known.count(now, |_| true), MOST);
}
