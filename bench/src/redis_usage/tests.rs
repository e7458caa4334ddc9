use super::*;

#[test]
fn work_is_the_difference_of_two_readings() {
    let before = Counters::parse(
        "used_memory:100\r\nused_cpu_sys:1.0\r\nused_cpu_user:2.0\r\ncmdstat_evalsha:calls=2,usec=50,x=1\r\n",
    );
    let after = Counters::parse(
        "used_memory:150\r\nused_cpu_sys:1.5\r\nused_cpu_user:2.5\r\ncmdstat_evalsha:calls=4,usec=2000050\r\n\
         cmdstat_hset:calls=10,usec=9\r\ncmdstat_blpop:calls=1,usec=9\r\ncmdstat_info:calls=7,usec=9\r\n",
    );
    let work = after.since(&before);
    assert_eq!((work.cpu_seconds, work.grown), (1.0, 50.0));
    assert_eq!(
        (work.commands, work.script_calls, work.round_trips),
        (13.0, 2.0, 3.0)
    );
    assert_eq!(work.script_seconds, 2.0);
    let names: Vec<_> = work.by_command.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names[0], "evalsha");
    assert_eq!(work.by_command[0], ("evalsha".to_owned(), 2.0, 2_000_000.0));
}

#[test]
fn a_script_is_named_by_its_own_comment() {
    let source = "#!lua\n-- core: what all share\nlocal P = 1\n-- accept: an event, or nothing.\n--\n-- ARGV: x\n\
                  -- note: nothing\nlocal a = 1\n-- wake: tells\n";
    assert_eq!(name_in(source), Some("accept"));
    assert_eq!(name_in("return 1"), None);
}

#[test]
fn what_a_script_calls_is_part_of_it() {
    let call = |name: &str, micros| {
        let name = name.to_owned();
        let is_script = name == "accept";
        (Slow { name, micros }, is_script)
    };
    let calls = vec![
        call("get", 50),
        call("hget", 3),
        call("hset", 4),
        call("accept", 20),
        call("accept", 30),
        call("hmget", 5),
    ];
    let outer: Vec<_> = without_inner(calls)
        .into_iter()
        .map(|slow| (slow.name, slow.micros))
        .collect();
    let expected = [("get", 50), ("accept", 20), ("accept", 30), ("hmget", 5)];
    assert_eq!(outer, expected.map(|(name, micros)| (name.to_owned(), micros)));
}

#[test]
fn a_real_server_names_and_times_its_calls() {
    let server = RedisServer::start();
    let before = Counters::read(&server);
    watch_slow(&server, 0);
    let connection = &mut state::connect(&server);
    let script =
        redis::Script::new("-- shout: loudly\n-- ARGV: a word\nreturn redis.call('SET', KEYS[1], ARGV[1])");
    let _: String = script.key("a").arg("b").invoke(connection).unwrap();
    let work = Counters::read(&server).since(&before);
    assert!(work.script_calls >= 1.0, "{work:?}");
    assert!(
        slow_calls(&server)
            .iter()
            .any(|slow| slow.name == "shout" || slow.name.len() == 12)
    );
}
