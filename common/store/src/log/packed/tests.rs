use super::*;

fn unpacked(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut entry = fields.iter().map(owned).collect();
    unpack(&mut entry);
    let mut entry: Vec<_> = entry.into_iter().collect();
    entry.sort_unstable();
    entry
}

fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<_> = text
        .split(", ")
        .filter_map(|field| field.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    fields.sort_unstable();
    fields
}

#[test]
fn an_attempt_in_one_text_says_what_it_said_in_fields() {
    for (packed, said) in [
        (
            "dlv_1_2 lead.captured 1 succeeded 3 200 dns=1.2 connect=0.8",
            "delivery: dlv_1_2, event: lead.captured, attempt: 1, outcome: succeeded, ms: 3, status: 200, timing: dns=1.2 connect=0.8",
        ),
        (
            "dlv_1_2 lead.captured 10 exhausted 10000 - -",
            "delivery: dlv_1_2, event: lead.captured, attempt: 10, outcome: exhausted, ms: 10000",
        ),
        (
            "dlv_1_2 - 2 retrying 1 503 firstByte=0.4",
            "delivery: dlv_1_2, attempt: 2, outcome: retrying, ms: 1, status: 503, timing: firstByte=0.4",
        ),
        // Somebody has cut it off.
        ("dlv_1_2 lead", "delivery: dlv_1_2, event: lead"),
    ] {
        assert_eq!(unpacked(&[("attempt", packed)]), fields(said), "{packed}");
    }
}

#[test]
fn what_stands_beside_the_text_and_entries_in_fields_stay() {
    assert_eq!(
        unpacked(&[
            ("attempt", "dlv_1_2 lead.captured 1 held 5 429 -"),
            ("heldUntil", "9"),
            ("error", "http_429"),
        ]),
        fields(
            "delivery: dlv_1_2, event: lead.captured, attempt: 1, outcome: held, ms: 5, status: 429, heldUntil: 9, error: http_429"
        )
    );
    let in_fields = [
        ("delivery", "dlv_1_2"),
        ("attempt", "3"),
        ("outcome", "exhausted"),
    ];
    assert_eq!(
        unpacked(&in_fields),
        fields("delivery: dlv_1_2, attempt: 3, outcome: exhausted")
    );
    assert_eq!(unpacked(&[("state", "off")]), fields("state: off"));
}
