//! Which modules of a crate name which others, by `use`, `crate::`, `super::` and `self::`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::files_below;
use super::tokens::{Token, tokens};

/// A module by the names that lead to it; the crate's root has none.
pub(super) type Module = Vec<String>;

/// A line of one module that names something in another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub from: Module,
    pub to: Module,
    pub file: String,
    pub line: usize,
}

/// A file of a crate: the path below `src`, and what stands in it.
pub(super) struct Source {
    pub file: String,
    pub text: String,
}

/// What a crate ships. Tests don't ship, so their imports don't count.
pub(super) fn sources(src: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    for path in files_below(src) {
        let file = path.strip_prefix(src).unwrap().to_str().unwrap().to_owned();
        let is_test = file.split('/').any(|part| ["tests", "tests.rs"].contains(&part));
        if file.ends_with(".rs") && !is_test {
            let text = std::fs::read_to_string(&path).unwrap();
            sources.push(Source { file, text });
        }
    }
    sources
}

/// All that modules of one crate name in each other. A name that a module takes from another by `use` counts as the other's:
/// who writes `super::Queue` depends on the sibling that `Queue` comes from, not on the parent that passes it on.
pub(super) fn imports(sources: &[Source]) -> Vec<Import> {
    let files: Vec<_> = sources
        .iter()
        .map(|source| (source, module_of(&source.file), paths(&tokens(&source.text))))
        .collect();
    let mut names = Names {
        modules: files.iter().map(|(_, module, _)| module.clone()).collect(),
        used: BTreeMap::new(),
    };
    for (_, module, paths) in &files {
        for path in paths.iter().filter(|path| path.is_use) {
            names
                .used
                .insert((module.clone(), path.name.clone()), path.segments.clone());
        }
    }
    let mut imports = BTreeSet::new();
    for (source, from, paths) in &files {
        for path in paths {
            if let Some(to) = names.resolve(from, &path.segments, path.is_use, &mut BTreeSet::new()) {
                imports.insert(Import {
                    from: from.clone(),
                    to,
                    file: source.file.clone(),
                    line: path.line,
                });
            }
        }
    }
    imports.into_iter().collect()
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; `lib.rs` and `main.rs` are the root.
fn module_of(file: &str) -> Module {
    let mut parts: Module = file
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if parts
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        parts.pop();
    }
    parts
}

/// A path as it is written.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    segments: Vec<String>,
    /// Under which name a `use` brings it in.
    name: String,
    is_use: bool,
    line: usize,
}

struct Names {
    modules: BTreeSet<Module>,
    /// What the `use` lines of a module call by which name.
    used: BTreeMap<(Module, String), Vec<String>>,
}

impl Names {
    /// The module that has what a path names, or `None` for another crate's.
    fn resolve(
        &self,
        from: &Module,
        path: &[String],
        is_use: bool,
        seen: &mut BTreeSet<(Module, String)>,
    ) -> Option<Module> {
        let mut at = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            // A name without any of these is a child, what a `use` above brought in, or another crate.
            first if !is_use || !self.knows(from, first) => return None,
            _ => {}
        }
        while let Some((name, after)) = rest.split_first() {
            let mut child = at.clone();
            child.push(name.clone());
            if name == "super" {
                at.pop()?;
            } else if self.modules.contains(&child) {
                at = child;
            } else if let Some(target) = self.used.get(&(at.clone(), name.clone()))
                && seen.insert((at.clone(), name.clone()))
            {
                let path = [target, after].concat();
                return self.resolve(&at, &path, true, seen);
            } else {
                break;
            }
            rest = after;
        }
        Some(at)
    }

    fn knows(&self, module: &Module, name: &str) -> bool {
        let mut child = module.clone();
        child.push(name.to_owned());
        self.modules.contains(&child) || self.used.contains_key(&(module.clone(), name.to_owned()))
    }
}

/// The paths of a file: each leaf of each `use`, and in code each that starts with `crate`, `super` or `self`.
fn paths(tokens: &[Token]) -> Vec<Written> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts_path = text(at + 1) == "::" && (at == 0 || text(at - 1) != "::");
        if text(at) == "use" && text(at + 1) != "<" {
            let end = (at..tokens.len())
                .find(|&end| text(end) == ";")
                .unwrap_or(tokens.len());
            if !is_for_tests(&tokens[..at]) {
                leaves(&tokens[at + 1..end], &[], &mut found);
            }
            at = end;
        } else if ["crate", "super", "self"].contains(&text(at)) && starts_path {
            let line = tokens[at].line;
            let mut segments = vec![text(at).to_owned()];
            while text(at + 1) == "::"
                && text(at + 2).starts_with(|char: char| char.is_alphabetic() || char == '_')
            {
                segments.push(text(at + 2).to_owned());
                at += 2;
            }
            found.push(Written {
                segments,
                name: String::new(),
                is_use: false,
                line,
            });
        }
        at += 1;
    }
    found
}

/// Whether `#[cfg(test)]` stands in front, with nothing but `pub` between.
fn is_for_tests(before: &[Token]) -> bool {
    let texts: Vec<_> = before
        .iter()
        .rev()
        .take(12)
        .map(|token| token.text.as_str())
        .collect();
    let start = texts
        .iter()
        .position(|text| *text == "]" || *text == ";" || *text == "}");
    start.is_some_and(|start| texts[start..].starts_with(&["]", ")", "test", "(", "cfg", "[", "#"]))
}

/// `a::{b, c as d}` is `a::b` and `a::c`.
fn leaves(tree: &[Token], prefix: &[String], found: &mut Vec<Written>) {
    let mut segments = prefix.to_vec();
    let mut at = 0;
    while at < tree.len() {
        match tree[at].text.as_str() {
            "::" => {}
            "{" => {
                let inner = &tree[at + 1..tree.len() - 1];
                return split_at_commas(inner)
                    .into_iter()
                    .for_each(|part| leaves(part, &segments, found));
            }
            // `self` at the end of a path is the path; `*` names all that is in there.
            "self" if !segments.is_empty() => {}
            "*" => {}
            "as" => break,
            name => segments.push(name.to_owned()),
        }
        at += 1;
    }
    let Some(first) = tree.first() else { return };
    let is_renamed = tree.get(at).is_some_and(|token| token.text == "as");
    let is_glob = tree.last().is_some_and(|token| token.text == "*");
    let name = if is_renamed {
        tree[at + 1].text.clone()
    } else {
        segments.last().cloned().unwrap_or_default()
    };
    found.push(Written {
        segments,
        name: if is_glob { "*".to_owned() } else { name },
        is_use: true,
        line: first.line,
    });
}

fn split_at_commas(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}
