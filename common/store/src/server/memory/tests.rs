use super::*;

#[test]
fn what_is_above_four_fifths_of_the_smaller_limit_has_to_go() {
    for (used, max, budget, excess, is_near) in [
        (u64::MAX, None, None, 0, false),
        (700, Some(1000), None, 0, false),
        (701, Some(1000), None, 0, true),
        (800, Some(1000), None, 0, true),
        (801, Some(1000), None, 1, true),
        (1500, Some(1000), None, 700, true),
        (500, None, Some(500), 100, true),
        (500, Some(1000), Some(500), 100, true),
        (500, Some(500), Some(1000), 100, true),
        (10, Some(u64::MAX), None, 0, false),
        (10, Some(1), None, 10, true),
    ] {
        let memory = Memory { used, max };
        assert_eq!(
            (memory.excess(budget), memory.is_near(budget)),
            (excess, is_near),
            "{memory:?} {budget:?}"
        );
    }
}

#[test]
fn a_reading_leaves_out_what_redis_does_not_count() {
    let info = "# Memory\r\nused_memory:1000\r\nused_memory_human:1K\r\nmaxmemory:0\r\nmem_not_counted_for_evict:10\r\n";
    assert_eq!(Memory::read(info), Some(Memory { used: 990, max: None }));
    let info = "used_memory:1000\nmaxmemory:4096\nmaxmemory_policy:noeviction\n";
    let max = Some(4096);
    assert_eq!(Memory::read(info), Some(Memory { used: 1000, max }));
    assert_eq!(Memory::read("redis_version:7.0.0\r\n"), None);
}
