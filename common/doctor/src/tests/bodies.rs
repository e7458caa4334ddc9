//! Bodies that were changed by the receiver, under signatures of ours.

use super::scene::{BODY, OTHER_BODY, Scene};
use super::{FindingCode, Mistake};

/// `BODY` as `json.dumps(json.loads(body))` writes it.
pub(super) const PYTHON: &str = r#"{"event": "lead.captured", "chatbotId": "cmf9n7u1c0001", "timestamp": "2026-03-26T15:30:00.000Z", "data": {"name": "J\u00f8ran \u201cJ\u201d Dahl", "city": "Troms\u00f8", "page": "https://example.com/a", "amount": 1.1, "leadId": "clx0001"}}"#;

/// `BODY` as `JSON.stringify(JSON.parse(body))` writes it.
pub(super) const JAVASCRIPT: &str = r#"{"event":"lead.captured","chatbotId":"cmf9n7u1c0001","timestamp":"2026-03-26T15:30:00.000Z","data":{"name":"Jøran “J” Dahl","city":"Tromsø","page":"https://example.com/a","amount":1.1,"leadId":"clx0001"}}"#;

pub(super) fn mistakes() -> Vec<Mistake> {
    [changed_as_a_whole(), changed_within(), not_stored()].concat()
}

fn pretty(body: &str) -> String {
    body.replace(",\"", ",\n  \"").replace("\":", "\": ")
}

fn changed_as_a_whole() -> Vec<Mistake> {
    let sent = Scene::new();
    let latin1: String = BODY.bytes().map(char::from).collect();
    let lossy = BODY.replace('ø', "\u{fffd}\u{fffd}");
    vec![
        ("nothing", sent.clone().body(""), vec![FindingCode::BodyEmpty]),
        (
            "nothing but a line feed",
            sent.clone().body("\n").forget(),
            vec![FindingCode::BodyEmpty],
        ),
        (
            "an object as text",
            sent.clone().body("[object Object]"),
            vec![FindingCode::BodyNotText],
        ),
        (
            "the first half",
            sent.clone().body(&BODY[..80]),
            vec![FindingCode::BodyTruncated],
        ),
        (
            "cut within a character",
            sent.clone()
                .body(format!("{}\u{fffd}", BODY.split('ø').next().unwrap())),
            vec![FindingCode::BodyTruncated],
        ),
        (
            "quoted once more",
            sent.clone().body(serde_json::json!(BODY).to_string()),
            vec![FindingCode::BodyQuoted],
        ),
        (
            "a line feed at the end",
            sent.clone().body(format!("{BODY}\n")),
            vec![FindingCode::TrailingWhitespace],
        ),
        (
            "CR LF at the end",
            sent.clone().body(format!("{BODY}\r\n")),
            vec![FindingCode::TrailingWhitespace],
        ),
        (
            "a byte order mark",
            sent.clone().body(format!("\u{feff}{BODY}")),
            vec![FindingCode::ByteOrderMark],
        ),
        (
            "read as Latin-1",
            sent.clone().body(latin1),
            vec![FindingCode::WrongEncoding],
        ),
        (
            "read as ASCII",
            sent.clone().body(lossy),
            vec![FindingCode::WrongEncoding],
        ),
    ]
}

fn changed_within() -> Vec<Mistake> {
    let sent = Scene::new();
    let reordered = format!(
        "{},\"event\":\"lead.captured\"}}",
        BODY.replace("\"event\":\"lead.captured\",", "")
            .strip_suffix('}')
            .unwrap()
    );
    vec![
        (
            "printed prettily",
            sent.clone().body(pretty(BODY)),
            vec![FindingCode::WhitespaceChanged],
        ),
        (
            "printed prettily with CR LF",
            sent.clone().body(pretty(BODY).replace('\n', "\r\n")),
            vec![FindingCode::WhitespaceChanged],
        ),
        (
            "keys in another order",
            sent.clone().body(&reordered),
            vec![FindingCode::KeysReordered],
        ),
        (
            "a key twice",
            sent.clone()
                .body(BODY.replace("{\"event\"", "{\"event\":1,\"event\"")),
            vec![FindingCode::BodyReserialised],
        ),
        (
            "other numbers",
            sent.clone().body(BODY.replace("1.10", "1.1")),
            vec![FindingCode::NumbersChanged],
        ),
        (
            "other escapes",
            sent.clone().body(BODY.replace('ø', "\\u00f8")),
            vec![FindingCode::EscapesChanged],
        ),
        (
            "all that Python changes",
            sent.clone().body(PYTHON),
            vec![
                FindingCode::WhitespaceChanged,
                FindingCode::NumbersChanged,
                FindingCode::EscapesChanged,
            ],
        ),
        (
            "all that JavaScript changes, with a byte order mark",
            sent.clone().body(format!("\u{feff}{JAVASCRIPT}")),
            vec![
                FindingCode::ByteOrderMark,
                FindingCode::NumbersChanged,
                FindingCode::EscapesChanged,
            ],
        ),
        (
            "pretty, reordered, and read as Latin-1",
            sent.clone()
                .body(pretty(&reordered).bytes().map(char::from).collect::<String>()),
            vec![
                FindingCode::WhitespaceChanged,
                FindingCode::KeysReordered,
                FindingCode::WrongEncoding,
            ],
        ),
        (
            "another name",
            sent.clone().body(BODY.replace("Dahl", "Dahm")),
            vec![FindingCode::BodyChanged],
        ),
        (
            "another name, and a secret that nobody knows",
            sent.without("webhook-signature")
                .header("X-RKT-Signature", &"0".repeat(64))
                .body(BODY.replace("Dahl", "Dahm")),
            vec![FindingCode::BodyChanged, FindingCode::SignatureMismatch],
        ),
    ]
}

/// The body that was sent is not stored any more; these are found out from what was given alone.
fn not_stored() -> Vec<Mistake> {
    let sent = Scene::new().forget();
    let latin1: String = BODY.bytes().map(char::from).collect();
    let envelope = r#"{"chatbotId":"c","event":"message.sent","timestamp":"t","data":{}}"#;
    let signed_envelope = r#"{"event":"message.sent","chatbotId":"c","timestamp":"t","data":{}}"#;
    vec![
        (
            "printed prettily",
            sent.clone().body(pretty(BODY)),
            vec![FindingCode::WhitespaceChanged],
        ),
        (
            "a line feed at the end",
            sent.clone().body(format!("{BODY}\n")),
            vec![FindingCode::TrailingWhitespace],
        ),
        (
            "a byte order mark",
            sent.clone().body(format!("\u{feff}{BODY}")),
            vec![FindingCode::ByteOrderMark],
        ),
        (
            "read as Latin-1",
            sent.clone().body(latin1),
            vec![FindingCode::WrongEncoding],
        ),
        (
            "quoted once more",
            sent.clone().body(serde_json::json!(BODY).to_string()),
            vec![FindingCode::BodyQuoted],
        ),
        (
            "keys around the data in another order",
            Scene::computed(signed_envelope).forget().body(envelope),
            vec![FindingCode::KeysReordered],
        ),
        (
            "the first half",
            sent.clone().body(&BODY[..80]),
            vec![FindingCode::BodyTruncated],
        ),
        (
            "an object as text",
            sent.clone().without("webhook-signature").body("[object Object]"),
            vec![FindingCode::BodyNotText],
        ),
        (
            "a form",
            sent.clone().body("event=lead.captured&name=John"),
            vec![FindingCode::BodyNotJson],
        ),
        (
            "another body",
            sent.clone().without("webhook-signature").body(OTHER_BODY),
            vec![FindingCode::SignatureMismatch],
        ),
    ]
}
