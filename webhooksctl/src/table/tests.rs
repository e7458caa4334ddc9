use super::*;

#[test]
fn spans_and_sizes_are_short() {
    let spans = [0, 59, 60, 3_599, 3_600, 86_399, 86_400, 1_000_000].map(span);
    let written = [
        "0 s",
        "59 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 0 min",
        "23 h 59 min",
        "1 d 0 h",
        "11 d 13 h",
    ];
    assert_eq!(spans, written);
    let sizes = [0, 1023, 1024, 1536, 1 << 20, 5 << 30].map(size);
    assert_eq!(
        sizes,
        ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "5.0 GiB"]
    );
}

#[test]
fn numbers_stand_at_the_right() {
    let mut table = Table::new(&["what", "how many"]);
    table.row(["one".to_owned(), "1".to_owned()]);
    table.row(["thousand".to_owned(), "1000".to_owned()]);
    assert_eq!(
        table.text(),
        "what      how many\none              1\nthousand      1000\n"
    );
}
