//! Lists of `name=value`, as OpenTelemetry's variables have them: values are percent-encoded.

use std::str::FromStr;

use program::config::split_list;

/// More than any list has.
const MOST: usize = 64;

/// A list of names and values.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl FromStr for Pairs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be name=value, comma-separated, with percent-encoded values".to_owned();
        let mut pairs = Vec::new();
        for part in split_list(text) {
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let (name, value) = (name.trim(), decoded(value.trim()).ok_or_else(wrong)?);
            if name.is_empty() {
                return Err(wrong());
            }
            pairs.push((name.to_owned(), value));
        }
        if pairs.len() > MOST {
            return Err(format!("has more than {MOST} entries"));
        }
        Ok(Self(pairs))
    }
}

/// A percent-encoded text; `None` if it is none, or no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(16 * high + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}
