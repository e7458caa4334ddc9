use redis::Value;

use super::Prospect;
use crate::scripts::Answer as _;

#[test]
fn what_there_is_beside_the_leases_is_a_sum() {
    for (sum, expected) in [
        (0, (false, false)),
        (1, (true, false)),
        (2, (false, true)),
        (3, (true, true)),
    ] {
        let prospect = Prospect::read(Value::Int(sum)).unwrap();
        assert_eq!((prospect.more, prospect.awaited), expected, "{sum}");
    }
    assert!(Prospect::read(Value::Nil).is_err());
}
