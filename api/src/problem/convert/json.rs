//! What serde finds wrong with a body, without repeating values of it.

use super::super::{Code, Problem};

/// How many characters of a name that the caller chose are repeated.
const MAX_ECHO: usize = 64;

impl From<serde_path_to_error::Error<serde_json::Error>> for Problem {
    fn from(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = error.path().to_string();
        from_json_error(&path, error.inner())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        from_json_error(".", &error)
    }
}

/// What serde found at a path, read from its message: its errors have no other form.
fn from_json_error(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if !error.is_data() {
        let place = format!("line {}, column {}", error.line(), error.column());
        let what = text.split(" at line ").next().unwrap_or_default();
        return Problem::new(Code::InvalidJson)
            .detail(format!(
                "The body is not JSON ({what} at {place}). Correct its syntax."
            ))
            .param("line", error.line())
            .param("column", error.column());
    }
    let parent = if path == "." { "" } else { path };
    if let Some(rest) = text.strip_prefix("unknown field `") {
        return unknown_field(parent, rest);
    }
    let quoted = || shorten(text.split('`').nth(1).unwrap_or_default());
    if text.starts_with("missing field ") {
        let name = quoted();
        return missing(&name, field_in(parent, &name));
    }
    if text.starts_with("duplicate field ") {
        let name = quoted();
        return given_twice(&name, field_in(parent, &name));
    }
    wrong_value(parent, &text)
}

impl Problem {
    /// For a field of a body that is missing.
    pub(crate) fn missing(name: &str) -> Self {
        missing(name, name.to_owned())
    }

    /// For a field of a body that is given twice.
    pub(crate) fn given_twice(name: &str) -> Self {
        given_twice(name, name.to_owned())
    }
}

fn missing(name: &str, field: String) -> Problem {
    Problem::new(Code::MissingField)
        .detail(format!("The field `{name}` is missing: add it."))
        .field(field)
}

fn given_twice(name: &str, field: String) -> Problem {
    Problem::new(Code::DuplicateField)
        .detail(format!("The field `{name}` is given twice: give it once."))
        .field(field)
}

/// `rest` is what serde says after the first quotation mark: ``name`, expected one of `a`, `b` at line …``.
fn unknown_field(parent: &str, rest: &str) -> Problem {
    let end = rest.find("`, expected").or_else(|| rest.find("`, there"));
    let name = shorten(end.map_or(rest, |end| &rest[..end]));
    let expected = rest.rsplit("expected ").next().unwrap_or_default();
    let known: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
    Problem::new(Code::UnknownField)
        .detail(format!(
            "There is no field `{name}`. The fields are {}.",
            known.join(", ")
        ))
        .field(field_in(parent, &name))
        .param("known", known)
}

/// A value of another type, or one that the type doesn't take.
fn wrong_value(path: &str, text: &str) -> Problem {
    let expected = text.rsplit(", expected ").next().unwrap_or_default();
    let expected = in_words_of_json(expected.split(" at line ").next().unwrap_or_default());
    let code = if text.starts_with("invalid type") {
        Code::InvalidType
    } else {
        Code::InvalidValue
    };
    let problem = Problem::new(code).param("expected", expected);
    if path.is_empty() {
        return problem.detail(format!("The body must be {expected}."));
    }
    let field = shorten(path);
    problem
        .detail(format!("`{field}` must be {expected}."))
        .field(field)
}

/// What serde expected, in words of JSON: its own are those of Rust.
fn in_words_of_json(expected: &str) -> &str {
    let first = expected.split(' ').next().unwrap_or_default();
    match first {
        "struct" | "map" => "a JSON object",
        "sequence" | "tuple" => "an array",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "string" | "str" | "enum" | "variant" => "a string",
        "unit" => "`null`",
        _ => match expected {
            "a map" => "a JSON object",
            "a sequence" => "an array",
            other => other,
        },
    }
}

/// The path of a field. serde's path may lead to the field itself or to the object that it belongs to.
fn field_in(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else if path == name || path.ends_with(&format!(".{name}")) {
        path.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The beginning of a name that the caller chose, without control characters.
fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_ECHO)
        .collect();
    if text.chars().count() > MAX_ECHO {
        short.push('…');
    }
    short
}
