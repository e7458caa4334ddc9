use super::*;

#[test]
fn each_mode_has_its_path() {
    let slow = Duration::from_millis(250);
    for (path, answer) in [
        ("/instant/7", Some(Answer::Instant)),
        ("/closing/7", Some(Answer::Closing)),
        ("/delay/250/7", Some(Answer::Delay(slow))),
        ("/in-turn/3/250/7", Some(Answer::InTurn(3, slow))),
        ("/in-turn/0/250/7", None),
        ("/in-turn/3/7", None),
        ("/hang/7", Some(Answer::Hang)),
        ("/fail/503/7", Some(Answer::Fail(503))),
        ("/instant", None),
        ("/delay/7", None),
        ("/delay/soon/7", None),
        ("/fail/999/7", None),
        ("/fail/99999/7", None),
        ("/else/7", None),
        ("instant/7", None),
    ] {
        assert_eq!(Answer::of(path), answer, "{path}");
    }
}
