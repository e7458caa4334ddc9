//! Keeps what one file of a script declares for itself out of the way of the others: Lua allows 200 local names at a time.
//!
//! A file that declares names stands in a block of its own. Those that other files of the script mention are declared in front of
//! the block, so that they outlive it; all others end with it. So the value of a name can't be what the name meant before
//! (`local type = type`).

use std::collections::HashSet;

/// The files one after the other, each in its block.
pub(super) fn scoped(files: &[&str]) -> String {
    let words: Vec<HashSet<&str>> = files.iter().map(|file| words(file).collect()).collect();
    let mut lua = String::new();
    for (place, file) in files.iter().enumerate() {
        let others = || words.iter().enumerate().filter(|(other, _)| *other != place);
        let is_shared = |name: &str| others().any(|(_, words)| words.contains(name));
        block(file, &is_shared, &mut lua);
    }
    lua
}

fn block(file: &str, is_shared: &dyn Fn(&str) -> bool, lua: &mut String) {
    let declared: Vec<_> = file.lines().filter_map(declaration).collect();
    if declared.is_empty() {
        lua.push_str(file);
        return;
    }
    let mut shared: Vec<&str> = Vec::new();
    for declaration in &declared {
        if declaration.names.iter().any(|name| is_shared(name)) {
            shared.extend(&declaration.names);
        }
    }
    if !shared.is_empty() {
        lua.push_str(&format!("local {}\n", shared.join(", ")));
    }
    lua.push_str("do\n");
    for line in file.lines() {
        let declared = declaration(line).filter(|found| found.names.iter().any(|name| is_shared(name)));
        lua.push_str(declared.map_or(line, |declared| declared.without_local));
        lua.push('\n');
    }
    lua.push_str("end\n");
}

/// What a line declares that begins without a space: in no function, and in no block.
struct Declaration<'a> {
    names: Vec<&'a str>,
    /// The line as it gives these names their values.
    without_local: &'a str,
}

fn declaration(line: &str) -> Option<Declaration<'_>> {
    let without_local = line.strip_prefix("local ")?;
    if let Some(function) = without_local.strip_prefix("function ") {
        return Some(Declaration {
            names: vec![function.split('(').next()?],
            without_local,
        });
    }
    let (code, comment) = match without_local.find("--") {
        Some(at) => without_local.split_at(at),
        None => (without_local, ""),
    };
    let (names, has_value) = code
        .split_once('=')
        .map_or((code, false), |(names, _)| (names, true));
    Some(Declaration {
        names: names.split(',').map(str::trim).collect(),
        without_local: if has_value { without_local } else { comment },
    })
}

fn words(lua: &str) -> impl Iterator<Item = &str> {
    lua.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
