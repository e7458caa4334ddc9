use store::queue::Released;

use super::*;

#[test]
fn the_memory_is_looked_at_as_often_as_it_may_matter() {
    let reading = |excess, is_near| Reading {
        excess,
        is_near,
        limit: None,
    };
    let early = |payloads| UpkeepReply {
        early: Released {
            payloads,
            bytes: 1000 * payloads,
        },
        ..UpkeepReply::default()
    };
    for (reading, released, every) in [
        (reading(0, false), 0, None),
        (reading(0, true), 0, Some(SOON)),
        (reading(1, true), 7, Some(SOON)),
        (reading(1, true), 0, Some(BLOCKED)),
    ] {
        assert_eq!(look_every(reading, &early(released)), every, "{reading:?}");
    }
}
