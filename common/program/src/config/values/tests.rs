use super::*;

#[test]
fn spans_and_sizes() {
    for (text, millis) in [
        ("500ms", 500),
        ("10s", 10_000),
        ("0s", 0),
        ("3m", 180_000),
        ("4h", 14_400_000),
        ("14d", 1_209_600_000),
    ] {
        assert_eq!(text.parse::<Span>().unwrap().0, Duration::from_millis(millis));
    }
    for bad in [
        "",
        "10",
        "s",
        "-1s",
        "1.5s",
        "10 s",
        "400d",
        "99999999999999999999s",
    ] {
        assert!(bad.parse::<Span>().is_err(), "{bad}");
    }
    assert_eq!(
        ["1", "2KiB", "3MiB", "1GiB"].map(|text| text.parse::<ByteSize>().unwrap().0),
        [1, 2048, 3 << 20, 1 << 30]
    );
    for bad in ["", "x", "1kb", "-1", "99999999999GiB"] {
        assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
    }
}

#[test]
fn a_value_can_stand_in_a_file_an_entry_a_line() {
    let path = std::env::temp_dir().join(format!("values-{}", std::process::id()));
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_value::<String>(&format!("@{}", path.display()))
    };
    for (text, value) in [
        ("one", "one"),
        ("one\n", "one"),
        ("one,two", "one,two"),
        ("one\r\ntwo\r\n", "one,two"),
        ("# first\n\n  one,\n\ttwo,\n", "one,two"),
        ("", ""),
    ] {
        assert_eq!(read(text).as_deref(), Ok(value), "{text:?}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(read_value::<String>("one").as_deref(), Ok("one"));
    let missing = read_value::<String>("@/no/such/file").unwrap_err();
    assert!(
        missing.starts_with("the file `/no/such/file` can't be read"),
        "{missing}"
    );
    let wrong = read_value::<u8>("hunter2").unwrap_err();
    assert!(!wrong.contains("hunter2"), "{wrong}");
}
