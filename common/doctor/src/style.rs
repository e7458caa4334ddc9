//! JSON as various libraries write it after they have parsed it.

mod out;

use self::out::Out;
use super::budget::Meter;
use super::json::{Json, decoded};

/// How a library writes JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    spacing: Spacing,
    escapes: Escapes,
    order: Order,
    numbers: Numbers,
}

#[derive(Debug, Clone, Copy)]
enum Spacing {
    None,
    /// After commas and colons.
    Separators,
    /// A line for each member, indented by this many spaces a level.
    Lines(usize),
}

#[derive(Debug, Clone, Copy)]
enum Numbers {
    Kept,
    /// All of them 64-bit floats, as in JavaScript and Go.
    Floats,
    /// Numbers with a fraction or an exponent are 64-bit floats and stay recognizable as such, as in Python and PHP.
    Fractions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Kept,
    /// Only what must be escaped.
    Few,
    /// Everything that isn't ASCII.
    Ascii,
    /// Everything that isn't ASCII, and slashes.
    AsciiAndSlashes,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Kept,
    /// By name.
    Sorted,
    /// As we write a body: event, chatbotId, timestamp, data.
    Envelope,
}

/// The styles: first those that undo a change, then those of libraries.
pub(crate) const STYLES: [Style; 13] = [
    style(Spacing::None, Escapes::Kept, Order::Kept, Numbers::Kept),
    style(Spacing::None, Escapes::Kept, Order::Envelope, Numbers::Kept),
    style(Spacing::None, Escapes::Few, Order::Kept, Numbers::Kept),
    // JSON.stringify(value); most other libraries write plain values like this, too.
    style(Spacing::None, Escapes::Few, Order::Kept, Numbers::Floats),
    // JSON.stringify(value, null, 2)
    style(Spacing::Lines(2), Escapes::Few, Order::Kept, Numbers::Floats),
    // JSON.generate(value), of Ruby
    style(Spacing::None, Escapes::Few, Order::Kept, Numbers::Fractions),
    // json.dumps(value), of Python
    style(
        Spacing::Separators,
        Escapes::Ascii,
        Order::Kept,
        Numbers::Fractions,
    ),
    // json.dumps(value, ensure_ascii=False)
    style(Spacing::Separators, Escapes::Few, Order::Kept, Numbers::Fractions),
    // json.dumps(value, separators=(",", ":"))
    style(Spacing::None, Escapes::Ascii, Order::Kept, Numbers::Fractions),
    // json.dumps(value, indent=4)
    style(Spacing::Lines(4), Escapes::Ascii, Order::Kept, Numbers::Fractions),
    // json.dumps(value, sort_keys=True)
    style(
        Spacing::Separators,
        Escapes::Ascii,
        Order::Sorted,
        Numbers::Fractions,
    ),
    // json_encode($value), of PHP
    style(
        Spacing::None,
        Escapes::AsciiAndSlashes,
        Order::Kept,
        Numbers::Fractions,
    ),
    // json.Marshal(value), of a map in Go
    style(Spacing::None, Escapes::Few, Order::Sorted, Numbers::Floats),
];

const fn style(spacing: Spacing, escapes: Escapes, order: Order, numbers: Numbers) -> Style {
    Style {
        spacing,
        escapes,
        order,
        numbers,
    }
}

impl Style {
    /// Writes a value in this style; `None` if that takes more than `most` bytes, or more than the time that is left.
    pub(crate) fn write(&self, value: &Json<'_>, most: usize, meter: &Meter<'_>) -> Option<String> {
        let mut out = Out::new(most, meter);
        self.value(value, 0, &mut out);
        (!out.is_over()).then_some(out.text)
    }

    fn value(&self, value: &Json<'_>, level: usize, out: &mut Out<'_>) {
        match value {
            Json::Word(text) => self.word(text, &mut out.text),
            Json::Text(token) => self.text(token, &mut out.text),
            Json::Array(items) => self.list(('[', ']'), items, level, out, |item, out| {
                self.value(item, level + 1, out);
            }),
            Json::Object(members) => {
                let members = self.ordered(members, level);
                self.list(('{', '}'), &members, level, out, |(key, value), out| {
                    self.text(key, &mut out.text);
                    out.text.push(':');
                    if !matches!(self.spacing, Spacing::None) {
                        out.text.push(' ');
                    }
                    self.value(value, level + 1, out);
                });
            }
        }
    }

    fn list<T>(
        &self,
        (open, close): (char, char),
        items: &[T],
        level: usize,
        out: &mut Out<'_>,
        item: impl Fn(&T, &mut Out<'_>),
    ) {
        out.text.push(open);
        for (index, one) in items.iter().enumerate() {
            if out.is_over() {
                return;
            }
            if index > 0 {
                out.text.push(',');
            }
            match self.spacing {
                Spacing::None => {}
                Spacing::Separators => out.text.push_str(if index > 0 { " " } else { "" }),
                Spacing::Lines(indent) => new_line(indent * (level + 1), &mut out.text),
            }
            item(one, out);
        }
        if let Spacing::Lines(indent) = self.spacing
            && !items.is_empty()
        {
            new_line(indent * level, &mut out.text);
        }
        out.text.push(close);
    }

    fn ordered<'a, 'b>(
        &self,
        members: &'b [(&'a str, Json<'a>)],
        level: usize,
    ) -> Vec<(&'a str, &'b Json<'a>)> {
        let mut members: Vec<_> = members.iter().map(|(key, value)| (*key, value)).collect();
        match self.order {
            Order::Sorted => members.sort_by_key(|(key, _)| *key),
            Order::Envelope if level == 0 => {
                let place = |key: &str| {
                    ["\"event\"", "\"chatbotId\"", "\"timestamp\""]
                        .iter()
                        .position(|name| *name == key)
                };
                members.sort_by_key(|(key, _)| place(key).unwrap_or(usize::MAX));
            }
            Order::Kept | Order::Envelope => {}
        }
        members
    }

    fn word(&self, text: &str, out: &mut String) {
        // Within these ranges Rust writes floats as other languages do. Adding zero turns -0 into 0.
        match (self.numbers, text.parse::<f64>()) {
            (Numbers::Floats, Ok(number)) if number == 0.0 || (1e-6..1e21).contains(&number.abs()) => {
                out.push_str(&(number + 0.0).to_string());
            }
            (Numbers::Fractions, Ok(number))
                if text.contains(['.', 'e', 'E'])
                    && (number == 0.0 || (1e-4..1e15).contains(&number.abs())) =>
            {
                out.push_str(&format!("{number:?}"));
            }
            _ => out.push_str(text),
        }
    }

    fn text(&self, token: &str, out: &mut String) {
        let plain = match self.escapes {
            Escapes::Kept => None,
            _ => decoded(token).and_then(|text| serde_json::to_string(&text).ok()),
        };
        let Some(plain) = plain else {
            out.push_str(token);
            return;
        };
        if self.escapes == Escapes::Few {
            out.push_str(&plain);
            return;
        }
        for character in plain.chars() {
            match character {
                '/' if self.escapes == Escapes::AsciiAndSlashes => out.push_str("\\/"),
                '\u{80}'.. => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => out.push(character),
            }
        }
    }
}

fn new_line(spaces: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', spaces));
}

#[cfg(test)]
mod tests;
