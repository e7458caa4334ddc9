use super::*;

#[test]
fn the_next_step_comes_at_once_or_soon_or_after_a_while() {
    let reply = UpkeepReply::default();
    let usual = wait_after(reply);
    assert!((1.8..=2.2).contains(&usual.as_secs_f64()), "{usual:?}");
    let look_again = |ms| UpkeepReply {
        look_again: Some(Duration::from_millis(ms)),
        ..reply
    };
    assert_eq!(wait_after(look_again(250)), Duration::from_millis(250));
    assert!(wait_after(look_again(60_000)) <= EVERY.mul_f64(1.1));
    let more = UpkeepReply {
        more: true,
        ..look_again(250)
    };
    assert_eq!(wait_after(more), Duration::ZERO);
}
