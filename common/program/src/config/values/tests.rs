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
