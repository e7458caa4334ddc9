use super::*;

#[test]
fn only_2xx_is_success_and_410_is_gone() {
    for status in 100..=599 {
        let expected = match status {
            200..=299 => None,
            300..=399 => Some(Failure::Redirect),
            410 => Some(Failure::Gone),
            _ => Some(Failure::Status),
        };
        assert_eq!(Failure::of_status(status), expected);
    }
}
