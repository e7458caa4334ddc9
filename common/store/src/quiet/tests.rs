use super::*;

fn known(quiet: &Quiet) -> Option<Instant> {
    *quiet.since.borrow()
}

#[tokio::test]
async fn a_look_that_finds_nothing_makes_it_quiet_and_any_sign_ends_that() {
    let quiet = Quiet::default();
    assert_eq!(known(&quiet), None, "nothing is known yet");
    quiet.ends().await;

    let look = quiet.look();
    quiet.seen(look, true);
    assert_eq!(known(&quiet), Some(look.began));
    quiet.stir();
    assert_eq!(known(&quiet), None);
    quiet.ends().await;

    quiet.seen(quiet.look(), true);
    quiet.seen(quiet.look(), false);
    assert_eq!(known(&quiet), None, "another look found something");
    quiet.seen(quiet.look(), true);
    quiet.is_lost();
    assert_eq!(known(&quiet), None, "nobody knows");
}

#[test]
fn what_happens_during_a_look_counts_more() {
    let quiet = Quiet::default();
    let look = quiet.look();
    quiet.stir();
    quiet.seen(look, true);
    assert_eq!(known(&quiet), None);
}

#[tokio::test]
async fn whoever_waits_for_the_end_is_told() {
    let quiet = Quiet::default();
    quiet.seen(quiet.look(), true);
    tokio::join!(quiet.ends(), async { quiet.stir() });
    tokio::join!(quiet.lost(), async { quiet.is_lost() });
}
