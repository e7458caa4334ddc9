use super::*;

#[test]
fn what_linux_writes_is_read() {
    let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 100 1000 200";
    let status = "Name:\ta\nVmRSS:\t    2048 kB\nThreads:\t9\n";
    let limits = "Limit   Soft Limit   Hard Limit   Units\nMax open files            1024                 4096                 files\n";
    assert_eq!(
        Seen::read(stat, status, limits),
        Seen {
            cpu_seconds: Some(3.0),
            resident: Some(2 << 20),
            threads: Some(9),
            open_files: None,
            most_files: Some(1024),
        }
    );
    assert_eq!(Seen::read("", "", ""), Seen::default());
    let unlimited = "Max open files            unlimited            unlimited            files\n";
    assert_eq!(Seen::read("", "", unlimited).most_files, None);
}

#[cfg(target_os = "linux")]
#[test]
fn this_process_is_seen() {
    let seen = look();
    assert!(seen.resident > Some(1 << 20), "{seen:?}");
    assert!(
        seen.open_files > Some(2) && seen.cpu_seconds >= Some(0.0),
        "{seen:?}"
    );
}
