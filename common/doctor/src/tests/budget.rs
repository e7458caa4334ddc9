//! What an examination says when its time is up, or when there is too much to look at.

use std::cell::Cell;
use std::time::Duration;

use super::scene::{BODY, Scene, base64};
use super::{Budget, FindingCode, Mistake, Verdict};

pub(super) fn mistakes() -> Vec<Mistake> {
    let sent = Scene::new();
    let many: Vec<_> = (0..9).map(|byte| format!("v1,{}", base64([byte; 32]))).collect();
    vec![(
        "more signatures than are looked at, none of them right",
        sent.header("webhook-signature", &many.join(" ")),
        vec![FindingCode::StoppedLooking],
    )]
}

/// The request with its body parsed and written again, by a signer who takes the wrong key too.
fn mistaken() -> Scene {
    let pretty =
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(BODY).unwrap()).unwrap();
    Scene::new()
        .body(pretty)
        .header("X-RKT-Signature", &"0".repeat(64))
}

/// What is found within some milliseconds, of which one passes with each look at the clock, and how many looks there were.
fn within(scene: &Scene, time: Duration) -> (super::Diagnosis, u32) {
    let looks = Cell::new(0);
    let clock = || {
        looks.set(looks.get() + 1);
        Duration::from_millis(looks.get().into())
    };
    (scene.examine_within(Budget::new(time, &clock)), looks.get())
}

#[test]
fn without_time_what_is_right_is_valid_and_no_cause_is_claimed_for_what_is_not() {
    let (diagnosis, _) = within(&Scene::new(), Duration::ZERO);
    assert!(diagnosis.valid && diagnosis.findings.is_empty(), "{diagnosis:#?}");
    for scene in [mistaken(), mistaken().forget()] {
        let (diagnosis, _) = within(&scene, Duration::ZERO);
        let codes: Vec<_> = diagnosis.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [FindingCode::StoppedLooking], "{diagnosis:#?}");
        assert_eq!(
            diagnosis.signatures.map(|(_, verdict)| verdict),
            [Verdict::Invalid; 2]
        );
    }
}

#[test]
fn nothing_more_is_tried_when_the_time_is_up() {
    let (_, looks) = within(&mistaken(), Duration::from_secs(3600));
    assert!(looks > 100, "{looks}");
    for time in [1, 10, 30] {
        let (diagnosis, looks) = within(&mistaken(), Duration::from_millis(time));
        assert!(u64::from(looks) <= time + 2, "{looks} looks in {time} ms");
        assert!(!diagnosis.valid, "{diagnosis:#?}");
    }
}

/// The more time, the more is found; and what was found with less stays true.
#[test]
fn what_is_found_in_a_part_of_the_time_is_found_in_all_of_it() {
    let pretty = mistaken();
    let all = pretty.examine();
    for time in 0..300 {
        let (diagnosis, _) = within(&pretty, Duration::from_millis(time));
        for finding in diagnosis.findings {
            let is_known = all.findings.contains(&finding);
            assert!(
                is_known || finding.code == FindingCode::StoppedLooking,
                "{finding:?} after {time} ms"
            );
        }
    }
}

#[test]
fn an_answer_is_short_whatever_was_asked() {
    let names = [
        "svix-signature",
        "Stripe-Signature",
        "X-Hub-Signature",
        "X-Signature",
        "Signature",
    ];
    let mut scene = Scene::new()
        .without("X-RKT-Signature")
        .without("webhook-signature");
    for name in names {
        let padded = format!("{}{name}", " ".repeat(4000));
        scene = scene.header(&padded, &"v1,AAAA ".repeat(500));
    }
    let told: usize = scene
        .examine()
        .findings
        .iter()
        .map(|finding| finding.advice.len())
        .sum();
    assert!(told < 8 * 1024, "{told}");
}
