use super::*;
use program::config::one_sentence;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn read(arguments: &[&str]) -> Result<Config, String> {
    let needed = ["webhooks-worker", "--secrets-key", KEY];
    Config::try_parse_from(needed.iter().chain(arguments)).map_err(|error| one_sentence(&error))
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let config = read(&[]).unwrap();
    assert_eq!(config.worker_listen.to_string(), "127.0.0.1:3001");
    assert_eq!(config.concurrency.worker_concurrency, 512);
    assert_eq!(config.attempts.retry_schedule, RetrySchedule::default());
    assert_eq!(config.attempts.delivery_timeout.0, Duration::from_secs(10));
    let policy = config.policy();
    assert_eq!(policy.lease(), Duration::from_secs(20));
    assert_eq!(policy.endpoint_concurrency, 64);
    assert_eq!(policy.destination_concurrency, 64);
    assert_eq!(policy.disable_after, 10);
    assert_eq!(policy.disable_min_span, Duration::from_secs(10));
    assert_eq!(policy.retention_succeeded, Duration::from_secs(24 * 3600));
    assert_eq!(policy.retention_failed, Duration::from_secs(14 * 24 * 3600));
    assert_eq!(policy.log_length, 1000);
    assert_eq!(config.deprecated(), None);
}

#[test]
fn a_log_length_is_deprecated() {
    let config = read(&["--log-length", "50"]).unwrap();
    assert_eq!(config.policy().log_length, 50);
    assert!(config.deprecated().unwrap().contains("RETENTION_SUCCEEDED"));
}

#[test]
fn a_lease_lasts_twice_the_timeout_but_never_under_20_s() {
    for (timeout, lease) in [("200ms", 20), ("10s", 20), ("15s", 30), ("10m", 1200)] {
        let config = read(&["--delivery-timeout", timeout]).unwrap();
        assert_eq!(config.policy().lease(), Duration::from_secs(lease), "{timeout}");
    }
}

#[test]
fn a_streak_has_to_last_for_one_timeout_unless_somebody_says_otherwise() {
    let span = |arguments: &[&str]| read(arguments).unwrap().policy().disable_min_span;
    assert_eq!(span(&["--delivery-timeout", "3s"]), Duration::from_secs(3));
    assert_eq!(span(&["--disable-min-span", "0s"]), Duration::ZERO);
    assert_eq!(
        span(&["--delivery-timeout", "3s", "--disable-min-span", "60s"]),
        Duration::from_secs(60)
    );
}

#[test]
fn an_empty_schedule_means_one_attempt() {
    assert_eq!(
        read(&["--retry-schedule", ""])
            .unwrap()
            .attempts
            .retry_schedule
            .max_attempts(),
        1
    );
    assert_eq!(
        read(&["--retry-schedule", "1s, 2s"])
            .unwrap()
            .attempts
            .retry_schedule
            .max_attempts(),
        3
    );
}

#[test]
fn a_wrong_value_is_refused_in_one_sentence_that_names_the_variable() {
    let long = vec!["1s"; 101].join(",");
    for (flag, value, sentence) in [
        (
            "--worker-listen",
            "here",
            "WORKER_LISTEN: invalid socket address syntax",
        ),
        (
            "--worker-concurrency",
            "0",
            "WORKER_CONCURRENCY: 0 is not in 1..=4096",
        ),
        (
            "--worker-concurrency",
            "4097",
            "WORKER_CONCURRENCY: 4097 is not in 1..=4096",
        ),
        (
            "--endpoint-concurrency",
            "0",
            "ENDPOINT_CONCURRENCY: 0 is not in 1..=1000",
        ),
        (
            "--delivery-timeout",
            "0s",
            "DELIVERY_TIMEOUT: must be longer than zero",
        ),
        (
            "--delivery-timeout",
            "11m",
            "DELIVERY_TIMEOUT: must be at most 10m",
        ),
        (
            "--retry-schedule",
            "5s,soon",
            "RETRY_SCHEDULE: `soon` is not a duration such as 500ms, 10s, 3m, 4h or 14d",
        ),
        (
            "--retry-schedule",
            long.as_str(),
            "RETRY_SCHEDULE: must have at most 100 waits",
        ),
        ("--log-length", "0", "LOG_LENGTH: 0 is not in 1..=100000"),
        (
            "--egress-proxy",
            "socks5://proxy",
            "EGRESS_PROXY: must be http://[user:password@]host:port",
        ),
        (
            "--retention-failed",
            "0s",
            "RETENTION_FAILED: must be longer than zero",
        ),
    ] {
        assert_eq!(read(&[flag, value]).unwrap_err(), sentence);
    }
    assert!(
        read(&["--disable-after", "0"])
            .unwrap_err()
            .starts_with("DISABLE_AFTER: 0 is not in 1..")
    );
}

#[test]
fn the_start_up_line_shows_no_secret() {
    let config = read(&[
        "--redis-url",
        "redis://me:hunter2@localhost:1",
        "--egress-proxy",
        "http://me:hunter2@proxy:3128",
    ])
    .unwrap();
    let line = format!("{config} {:?}", config.attempts);
    assert!(line.contains("through the proxy proxy:3128"), "{line}");
    assert!(line.contains("512 attempts in flight"), "{line}");
    assert!(!line.contains("hunter2") && !line.contains(KEY), "{line}");
}

/// The worst that can be printed of it.
#[test]
fn a_panic_that_prints_the_configuration_shows_no_secret() {
    let arguments = [
        "--redis-url",
        "redis://me:hunter2@localhost:1",
        "--egress-proxy",
        "http://me:hunter2@localhost:2",
        "--operator-events-url",
        "http://me:hunter2@localhost:3/?token=hunter2",
    ];
    let failed = || read(&arguments).map_or(Ok(()), |config| Err(Box::new(config)));
    let panic = std::panic::catch_unwind(|| failed().unwrap()).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("retry_schedule"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains(KEY), "{text}");
}
