use super::*;

#[test]
fn a_delivery_that_was_seen_once_takes_56_bytes() {
    assert_eq!(size_of::<(DeliveryKey, Seen)>(), 56);
}
