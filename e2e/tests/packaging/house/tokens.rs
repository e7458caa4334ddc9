//! The words and signs of a Rust file, each with its line: what comments, strings and characters say is left out.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub text: String,
    pub line: usize,
}

pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader {
        rest: source,
        line: 1,
    };
    let mut tokens = Vec::new();
    while !reader.rest.is_empty() {
        if reader.skip_silent() {
            continue;
        }
        let line = reader.line;
        let text = reader.take(length_of_token(reader.rest));
        if !text.trim().is_empty() {
            tokens.push(Token {
                text: text.to_owned(),
                line,
            });
        }
    }
    tokens
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// A word, `::`, or one character.
fn length_of_token(rest: &str) -> usize {
    let word = rest.find(|char| !is_of_word(char)).unwrap_or(rest.len());
    match word {
        0 if rest.starts_with("::") => 2,
        0 => rest.chars().next().map_or(0, char::len_utf8),
        _ => word,
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (text, rest) = self.rest.split_at(length);
        self.line += text.matches('\n').count();
        self.rest = rest;
        text
    }

    /// Goes past a comment, a string or a character, if one begins here.
    fn skip_silent(&mut self) -> bool {
        let length = if self.rest.starts_with("//") {
            self.rest.find('\n').unwrap_or(self.rest.len())
        } else if self.rest.starts_with("/*") {
            length_of_comment(self.rest)
        } else if let Some(length) = length_of_raw_string(self.rest) {
            length
        } else if self.rest.starts_with('"') {
            length_of_string(self.rest)
        } else if let Some(length) = length_of_character(self.rest) {
            length
        } else {
            return false;
        };
        self.take(length);
        true
    }
}

/// Block comments may stand in each other.
fn length_of_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let (step, length) = match (&rest[at..], depth) {
            (text, _) if text.starts_with("/*") => (1, 2),
            (text, _) if text.starts_with("*/") => (-1, 2),
            ("", _) => return at,
            (text, _) => (0, text.chars().next().map_or(0, char::len_utf8)),
        };
        depth += step;
        at += length;
        if depth == 0 {
            return at;
        }
    }
}

fn length_of_string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, also with a `b` in front.
fn length_of_raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(rest.len() - body.len() + length)
}

/// `'x'` and `'\n'`, but not a lifetime.
fn length_of_character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    if let Some(escaped) = body.strip_prefix('\\') {
        let first = escaped.chars().next().map_or(0, char::len_utf8);
        return escaped[first..].find('\'').map(|at| 2 + first + at + 1);
    }
    let first = body.chars().next()?;
    body[first.len_utf8()..]
        .starts_with('\'')
        .then(|| first.len_utf8() + 2)
}

#[test]
fn comments_strings_and_characters_are_silent() {
    let source = r####"
use a::b; // crate::c
/* crate::d /* crate::e */ crate::f */
let (x, y, z): (&'static str, _, _) = ("crate::g \" crate::h", r#"crate::i " "#, '"');
let (quote, tab) = ('\'', '\t'); "
crate::j"; crate::k
"####;
    let texts: Vec<_> = tokens(source).into_iter().map(|token| token.text).collect();
    let text = texts.join(" ");
    assert!(
        text.starts_with("use a :: b ; let ( x , y , z ) : ( & ' static str"),
        "{text}"
    );
    assert!(text.ends_with("= ( , ) ; ; crate :: k"), "{text}");
    assert_eq!(tokens(source).last().unwrap().line, 6);
}
