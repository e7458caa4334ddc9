use super::*;

#[test]
fn a_shard_is_in_the_slot_that_servers_compute() {
    // The check value of the CRC, and what `CLUSTER KEYSLOT` says.
    assert_eq!(crc16(b"123456789"), 0x31C3);
    assert_eq!(
        [0, 1, 15].map(|shard| Keys::new(shard).slot()),
        [13907, 9842, 4178]
    );
}
