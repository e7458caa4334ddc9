//! Bodies that the receiver's code changed before it signed them.

use super::bodies::{JAVASCRIPT, PYTHON};
use super::scene::{BODY, Scene, decoded, hmac};
use super::{FindingCode, Mistake};

/// The body is the one that was sent, and `X-RKT-Signature` what the receiver's code computed.
pub(super) fn mistakes() -> Vec<Mistake> {
    vec![
        (
            "JSON.stringify",
            Scene::computed(JAVASCRIPT),
            vec![FindingCode::NumbersChanged, FindingCode::EscapesChanged],
        ),
        (
            "json.dumps",
            Scene::computed(PYTHON),
            vec![
                FindingCode::WhitespaceChanged,
                FindingCode::NumbersChanged,
                FindingCode::EscapesChanged,
            ],
        ),
        (
            "json.dumps, not stored",
            Scene::computed(PYTHON).forget(),
            vec![
                FindingCode::WhitespaceChanged,
                FindingCode::NumbersChanged,
                FindingCode::EscapesChanged,
            ],
        ),
        ("an empty body", Scene::computed(""), vec![FindingCode::BodyEmpty]),
        (
            "an object",
            Scene::computed("[object Object]"),
            vec![FindingCode::BodyNotText],
        ),
        (
            "a line feed at the end",
            Scene::computed(format!("{BODY}\n")),
            vec![FindingCode::TrailingWhitespace],
        ),
        (
            "Latin-1 read",
            Scene::computed(BODY.bytes().map(char::from).collect::<String>()),
            vec![FindingCode::WrongEncoding],
        ),
        (
            "what was given was changed, and it was signed as it was given",
            Scene::computed(PYTHON).body(PYTHON),
            vec![
                FindingCode::WhitespaceChanged,
                FindingCode::NumbersChanged,
                FindingCode::EscapesChanged,
            ],
        ),
        (
            "the decoded secret over a body that was written again",
            {
                let scene = Scene::new().without("webhook-signature");
                let value = hex::encode(hmac(decoded(&scene.secret), JAVASCRIPT));
                scene.header("X-RKT-Signature", &value)
            },
            vec![
                FindingCode::SecretDecoded,
                FindingCode::NumbersChanged,
                FindingCode::EscapesChanged,
            ],
        ),
    ]
}
