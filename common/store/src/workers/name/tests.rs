use super::*;

#[test]
fn a_name_tells_machine_and_process_and_is_its_own() {
    let name = WorkerName::new("node-3.internal", 4711);
    assert!(name.as_str().starts_with("node-3.internal-4711-"), "{name}");
    assert_ne!(name, WorkerName::new("node-3.internal", 4711));
    assert_eq!(name.as_str().parse(), Ok(name));
}

#[test]
fn whatever_a_machine_is_called_the_name_can_be_typed() {
    for host in ["", "büro nr. 3:{0}\n", &"x".repeat(300)] {
        let name = WorkerName::new(host, u32::MAX);
        assert_eq!(name.as_str().parse(), Ok(name));
    }
}

#[test]
fn what_no_worker_is_called_is_refused() {
    for text in ["", "a b", "a:b", "ä", "a\n", &"x".repeat(101)] {
        assert_eq!(text.parse::<WorkerName>(), Err(InvalidWorkerName), "{text:?}");
    }
}
