use super::*;
use proptest::prelude::*;

#[test]
fn phases_are_written_and_read_in_tenths_of_a_millisecond() {
    let all = Phases {
        dns: Some(Duration::from_micros(1_200)),
        connect: Some(Duration::from_micros(800)),
        tls: Some(Duration::from_micros(3_100)),
        first_byte: Some(Duration::from_millis(5)),
        sent_again: 0,
    };
    assert_eq!(all.to_string(), "dns=1.2 connect=0.8 tls=3.1 firstByte=5.0");
    assert_eq!(Phases::read(&all.to_string()), all);
    let again = Phases { sent_again: 2, ..all };
    assert_eq!(again.to_string(), format!("{all} sentAgain=2"));
    assert_eq!(Phases::read(&again.to_string()), again);
    let unanswered = Phases {
        sent_again: 1,
        ..Phases::default()
    };
    assert_eq!(Phases::read("sentAgain=1"), unanswered);
    assert_eq!(Phases::default().to_string(), "");
    assert_eq!(Phases::read("dns=x nothing firstByte=-1"), Phases::default());
}

proptest! {
    #[test]
    fn no_text_breaks_the_reading(text in ".{0,40}") {
        let _phases = Phases::read(&text);
    }
}
