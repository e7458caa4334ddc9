//! Puts a script's text together, and turns the names of its arguments into numbers.

use super::declaration::{Declaration, Memory, Shape};
use super::layout::{RUN_STEPS, laid_out};
use super::parts::in_order;

/// A script as Redis gets it.
#[derive(Debug)]
pub(crate) struct Assembled {
    pub(crate) text: String,
    /// The same as a library of one function.
    pub(crate) library: Library,
    /// What stands between `ARGV[` and `]` and isn't declared.
    pub(crate) unknown: Vec<String>,
    /// Declared arguments that the text never reads.
    pub(crate) unused: Vec<String>,
}

impl Assembled {
    /// Whether the script reads what it declares, and nothing else.
    pub(crate) fn agrees(&self) -> bool {
        self.unknown.is_empty() && self.unused.is_empty()
    }

    pub(crate) fn of(declaration: &Declaration) -> Self {
        let (script_flags, function_flags) = match declaration.memory {
            Memory::AllowOom => (" flags=allow-oom", "'allow-oom'"),
            Memory::DenyOom => ("", ""),
        };
        let parts = in_order(declaration.needs);
        let shared = parts.iter().map(|part| part.text);
        let mut names = Names::of(declaration);
        let mut files = vec![prologue(declaration)];
        files.extend(
            shared
                .chain(declaration.body.iter().copied())
                .map(|file| names.replace(file)),
        );
        let lua = laid_out(&files);
        let text = format!("#!lua{script_flags}\n{lua}{RUN_STEPS}");
        Self {
            library: Library::of(declaration.name, &text, &lua, function_flags),
            text,
            unknown: names.unknown,
            unused: names
                .declared
                .into_iter()
                .filter(|name| !name.is_used)
                .map(|name| name.text())
                .collect(),
        }
    }
}

/// A script as a library of functions, with one function, that Redis keeps.
#[derive(Debug)]
pub(crate) struct Library {
    /// The name of the library and of its function: another one for each text, so that programs of two releases have their own.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Library {
    /// What the names of all libraries of a script begin with.
    pub(crate) fn prefix(script: &str) -> String {
        format!("webhooks_{script}_")
    }

    fn of(script: &str, text: &str, lua: &str, flags: &str) -> Self {
        let hash = redis::Script::new(text);
        let name = Self::prefix(script) + &hash.get_hash()[..12];
        let text = format!(
            "#!lua name={name}\n\
             local KEYS, ARGV\n\
             {lua}\
             local function run(keys, arguments)\n\
             KEYS, ARGV = keys, arguments\n\
             {RUN_STEPS}\
             end\n\
             redis.register_function{{ function_name = '{name}', callback = run, flags = {{ {flags} }} }}\n"
        );
        Self { name, text }
    }
}

/// Lua that gives the script a list for each of its groups: where each record begins. The counts of the groups follow the
/// arguments, and the records follow the counts.
fn prologue(declaration: &Declaration) -> String {
    if declaration.groups.is_empty() {
        return String::new();
    }
    let first_count = declaration.arguments.len() + 1;
    let names: Vec<_> = declaration
        .groups
        .iter()
        .map(|(group, _)| format!("each_{group}"))
        .collect();
    let mut lua = format!(
        "local {} = {}\ndo\n  local at = {}\n",
        names.join(", "),
        vec!["{}"; names.len()].join(", "),
        first_count + names.len(),
    );
    for (index, (name, (_, shape))) in names.iter().zip(declaration.groups).enumerate() {
        let width = if shape.kinds.is_empty() {
            shape.fields.len().max(1).to_string()
        } else {
            let start = shape.fields.len() + 1;
            let widths = shape
                .kinds
                .iter()
                .map(|(letter, fields)| format!("{letter} = {}", start + fields.len()));
            let widths: Vec<_> = widths.collect();
            lua.push_str(&format!("  local widths = {{ {} }}\n", widths.join(", ")));
            format!("widths[ARGV[at + {}]]", shape.fields.len())
        };
        lua.push_str(&format!(
            "  for i = 1, tonumber(ARGV[{}]) do\n    {name}[i], at = at, at + {width}\n  end\n",
            first_count + index,
        ));
    }
    lua.push_str("end\n");
    lua
}

/// The names of a script's arguments, and which of them its text uses.
struct Names {
    declared: Vec<Name>,
    unknown: Vec<String>,
}

struct Name {
    /// The group whose records have it.
    group: Option<&'static str>,
    /// In capitals; `None` for the one value of a record that has no fields.
    name: Option<String>,
    /// The number of the argument, or how far into the record it stands.
    place: usize,
    is_used: bool,
}

impl Name {
    fn text(&self) -> String {
        match (self.group, &self.name) {
            (Some(group), Some(name)) => format!("{group} + {name}"),
            (group, name) => name.as_deref().or(group).unwrap_or_default().to_owned(),
        }
    }
}

impl Names {
    fn of(declaration: &Declaration) -> Self {
        let arguments = declaration.arguments.iter().zip(1..).map(|(name, place)| Name {
            group: None,
            name: Some(name.to_uppercase()),
            place,
            is_used: false,
        });
        let mut declared: Vec<_> = arguments.collect();
        for (group, shape) in declaration.groups {
            add_record(&mut declared, group, shape);
        }
        Self {
            declared,
            unknown: Vec::new(),
        }
    }

    /// Numbers for all names between `ARGV[` and `]`.
    fn replace(&mut self, lua: &str) -> String {
        let mut pieces = lua.split("ARGV[");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (index, rest) = piece.split_once(']').unwrap_or((piece, ""));
            let line = text.rsplit('\n').next().unwrap_or_default();
            let is_comment = line.contains("--");
            let number = self.number(index, is_comment).unwrap_or_else(|| {
                self.unknown.push(index.to_owned());
                index.to_owned()
            });
            text.push_str(&format!("ARGV[{number}]{rest}"));
        }
        text
    }

    /// `WANT` → `3`, `report + ERROR` → `report + 9`. The last argument (`#ARGV`) is for base.lua. A comment may name an argument,
    /// but doesn't read it.
    fn number(&mut self, index: &str, is_comment: bool) -> Option<String> {
        if index == "#ARGV" {
            return Some(index.to_owned());
        }
        let name = self.declared.iter_mut().find(|name| name.text() == index)?;
        name.is_used |= !is_comment;
        Some(match (name.group, name.place) {
            (None, place) => place.to_string(),
            (Some(group), 0) => group.to_owned(),
            (Some(group), place) => format!("{group} + {place}"),
        })
    }
}

fn add_record(declared: &mut Vec<Name>, group: &'static str, shape: &Shape) {
    let mut add = |name: Option<&str>, place: usize, is_used: bool| {
        declared.push(Name {
            group: Some(group),
            name: name.map(str::to_uppercase),
            place,
            is_used,
        });
    };
    if shape.fields.is_empty() && shape.kinds.is_empty() {
        add(None, 0, false);
    }
    for (place, field) in shape.fields.iter().enumerate() {
        add(Some(field), place, false);
    }
    if !shape.kinds.is_empty() {
        // The prologue reads it.
        add(Some("kind"), shape.fields.len(), true);
    }
    for (place, field) in shape.fields_of_kinds() {
        add(Some(field), shape.fields.len() + 1 + place, false);
    }
}
