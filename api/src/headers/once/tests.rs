use poem_openapi::types::Type as _;

use super::*;
use crate::problem::Code;

#[derive(Debug, PartialEq)]
struct Word(String);

impl HeaderParam for Word {
    const NAME: &'static str = "X-Word";

    fn schema() -> MetaSchemaRef {
        String::schema_ref()
    }

    fn read(text: &str) -> Result<Self, Problem> {
        Ok(Self(text.to_owned()))
    }

    fn malformed() -> Problem {
        Problem::new(Code::InvalidValue)
    }

    fn repeated() -> Problem {
        Problem::new(Code::BadRequest)
    }
}

fn headers(values: &[&'static [u8]]) -> HeaderMap {
    let values = values.iter().map(|value| HeaderValue::from_bytes(value).unwrap());
    let name = |value| (poem::http::HeaderName::from_static("x-word"), value);
    values.map(name).collect()
}

#[test]
fn a_header_is_read_once_or_refused() {
    let read = |values: &[&'static [u8]]| match OnceHeader::<Word>::of(&headers(values)) {
        Ok(OnceHeader(word)) => Ok(word.map(|word| word.0)),
        Err(problem) => Err(problem.code()),
    };
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&[b"one"]), Ok(Some("one".to_owned())));
    assert_eq!(read(&[b"\xff"]), Err(Code::InvalidValue));
    for twice in [[b"one", b"one"], [b"one", b"\xfftw"]] {
        assert_eq!(read(&twice.map(|value| value.as_slice())), Err(Code::BadRequest));
    }
}
