use super::*;

#[test]
fn the_fields_of_a_process_are_found_whatever_its_name_is() {
    let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 900 0 3 0 250 75 0 0 20 0 9 0 100 0 0";
    assert_eq!(ticks_used(stat), Some(325));
    assert_eq!(ticks_used("7 (a"), None);
    let status = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
    assert_eq!(
        (kib(status, "VmHWM:"), kib(status, "VmRSS:")),
        (Some(20480), Some(10240))
    );
    assert_eq!(kib(status, "VmPeak:"), None);
}

#[test]
fn this_process_has_memory() {
    let pid = std::process::id();
    let resident = resident_mib(pid);
    assert!(resident > 1.0 && peak_mib(pid) >= resident);
    assert!(cpu_seconds(pid) >= 0.0);
}
