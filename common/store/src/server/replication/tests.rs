use super::*;

const SERVER: &str = "# Server\r\nredis_version:7.2.4\r\nrun_id:4f2a\r\n";

fn read(replication: &str) -> Replication {
    Replication::read(&format!("{SERVER}# Replication\r\n{replication}")).unwrap()
}

#[test]
fn replicas_are_counted_and_the_worst_is_told() {
    let found = read(
        "role:master\r\nconnected_slaves:3\r\n\
         slave0:ip=10.0.0.2,port=6379,state=online,offset=990,lag=0\r\n\
         slave1:ip=10.0.0.3,port=6379,state=online,offset=700,lag=4,type=replica\r\n\
         slave2:ip=10.0.0.4,port=6379,state=wait_bgsave,offset=0,lag=0,type=replica\r\n\
         slave_repl_offset:7\r\nmaster_repl_offset:1000\r\n",
    );
    let behind = Behind {
        bytes: 300,
        seconds: 4,
    };
    assert_eq!(
        (found.replicas, found.connected, found.behind),
        (2, 3, Some(behind))
    );
    assert_eq!((found.run_id.as_str(), found.is_primary), ("4f2a", true));
}

#[test]
fn without_replicas_nothing_is_behind() {
    let alone = read("role:master\r\nconnected_slaves:0\r\nmaster_repl_offset:1000\r\n");
    assert_eq!((alone.replicas, alone.behind), (0, None));
    let follower = read("role:slave\r\nmaster_repl_offset:1000\r\n");
    assert!(!follower.is_primary);
    assert_eq!(Replication::read(SERVER), None);
    assert_eq!(Replication::read(""), None);
}

#[test]
fn only_a_server_without_files_is_excused() {
    assert!(knows_no_files(
        "ERR unknown command 'WAITAOF', with args beginning with: '1'"
    ));
    assert!(knows_no_files(
        "WAITAOF cannot be used when numlocal is set but appendonly is disabled."
    ));
    assert!(!knows_no_files(
        "NOPERM this user has no permissions to run the 'waitaof' command"
    ));
}
