use super::*;

#[test]
fn waits_grow_to_a_second_and_the_reason_goes_with_the_outage() {
    let counter = IntCounter::new("errors", "errors").unwrap();
    let trouble = Trouble::new("starting");
    trouble.set(None);
    let mut outage = Outage::new("test", counter.clone(), Some(trouble.clone()));
    let error = StoreError::OutOfMemory;
    let waits: Vec<_> = (0..7).map(|_| outage.failed(&error).as_millis()).collect();
    assert_eq!(waits, [50, 100, 200, 400, 800, 1000, 1000]);
    assert_eq!(trouble.reason().as_deref(), Some("Redis is out of memory"));
    outage.over();
    assert_eq!(trouble.reason(), None);
    assert_eq!(outage.failed(&error).as_millis(), 50);
    assert_eq!(counter.get(), 8);
}
