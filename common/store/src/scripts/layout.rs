//! Sorts the files of a script into what is defined once and what runs with each call.
//!
//! A script that Redis keeps as a function makes its Lua functions when it is loaded, and not with each call: that is most of
//! what a short call costs. So in each file
//!
//! - *definitions* run once: functions, tables that functions are put into (`forward.begin = function`), and blocks
//!   (`do … end`) that contain functions;
//! - all else at its top level is a *step*, which runs with each call, in order: so what a name is given there
//!   (`local texts = {}`) begins anew with each call. A step that returns something ends the call with that.
//!
//! Each file has a scope of its own, since Lua allows 200 local names at a time: what it declares at its top level is local to
//! it, unless another file of the script mentions the name.

use std::collections::HashSet;

/// The files one after the other: their definitions, and their steps as the functions of the table `each_call`.
pub(super) fn laid_out(files: &[impl AsRef<str>]) -> String {
    let files: Vec<_> = files.iter().map(|file| File::of(file.as_ref())).collect();
    let statements = || files.iter().flat_map(|file| &file.statements);
    let definitions = statements().filter(|statement| statement.defines());
    let defined: HashSet<&str> = definitions.flat_map(Statement::defined).collect();
    let defined = Defined {
        tables: defined.iter().filter_map(|name| table_of(name)).collect(),
        names: defined,
    };
    let words: Vec<HashSet<&str>> = files.iter().map(File::words).collect();
    let mut lua = "local each_call = {}\n".to_owned();
    for (place, file) in files.iter().enumerate() {
        let others = || words.iter().enumerate().filter(|(other, _)| *other != place);
        let is_shared = |name: &str| others().any(|(_, words)| words.contains(name));
        file.write(&is_shared, &defined, &mut lua);
    }
    lua
}

/// What the definitions of a script give a value.
struct Defined<'a> {
    /// `f`, or `table.f`.
    names: HashSet<&'a str>,
    tables: HashSet<&'a str>,
}

/// Lua that runs the steps: to be put behind the files, where a call begins.
pub(super) const RUN_STEPS: &str = "\
for step = 1, #each_call do
  local answer = each_call[step]()
  if answer ~= nil then
    return answer
  end
end
";

struct File<'a> {
    /// The comment that the file begins with.
    heading: Vec<&'a str>,
    statements: Vec<Statement<'a>>,
}

impl<'a> File<'a> {
    /// Splits a file where a line begins without a space, and with something else than the end of what began before.
    fn of(file: &'a str) -> Self {
        let is_comment = |line: &&str| line.starts_with("--");
        let heading: Vec<_> = file.lines().take_while(is_comment).collect();
        let mut statements: Vec<Statement<'_>> = Vec::new();
        let mut comment = Vec::new();
        for line in file.lines().skip(heading.len()).filter(|line| !line.is_empty()) {
            if is_comment(&line) {
                comment.push(line);
                continue;
            }
            let goes_on = line.starts_with([' ', '}', ')'])
                || ["end", "else", "elseif", "until"].contains(&words(line).next().unwrap_or_default());
            match statements.last_mut() {
                Some(statement) if goes_on => statement.lines.push(line),
                _ => statements.push(Statement {
                    comment: std::mem::take(&mut comment),
                    lines: vec![line],
                }),
            }
        }
        Self { heading, statements }
    }

    fn words(&self) -> HashSet<&'a str> {
        self.statements.iter().flat_map(Statement::words).collect()
    }

    fn write(&self, is_shared: &dyn Fn(&str) -> bool, defined: &Defined<'_>, lua: &mut String) {
        let declared = self.statements.iter().flat_map(Statement::declared);
        let (shared, own): (Vec<_>, Vec<_>) = declared.partition(|name| is_shared(name));
        let is_definition = |statement: &&Statement<'_>| {
            let assigned = statement.assigned();
            statement.defines() || assigned.is_some_and(|name| defined.tables.contains(name))
        };
        let (definitions, steps): (Vec<_>, Vec<_>) = self.statements.iter().partition(is_definition);
        for line in &self.heading {
            push_line(line, lua);
        }
        if self.statements.is_empty() {
            return;
        }
        declare(&shared, lua);
        push_line("do", lua);
        declare(&own, lua);
        for definition in definitions {
            definition.write(defined, lua);
        }
        if !steps.is_empty() {
            push_line("each_call[#each_call + 1] = function()", lua);
            for step in steps {
                step.write(defined, lua);
            }
            push_line("end", lua);
        }
        push_line("end", lua);
    }
}

fn push_line(line: &str, lua: &mut String) {
    lua.push_str(line);
    lua.push('\n');
}

fn declare(names: &[&str], lua: &mut String) {
    if !names.is_empty() {
        lua.push_str(&format!("local {}\n", names.join(", ")));
    }
}

/// A statement at the top level of a file: its first line, and those that belong to it.
struct Statement<'a> {
    /// What stands in front of it.
    comment: Vec<&'a str>,
    lines: Vec<&'a str>,
}

impl<'a> Statement<'a> {
    fn head(&self) -> &'a str {
        self.lines.first().copied().unwrap_or_default()
    }

    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.lines.iter().copied().flat_map(words)
    }

    /// Whether it defines functions.
    fn defines(&self) -> bool {
        function_name(self.head()).is_some() || self.head() == "do" && self.defined().next().is_some()
    }

    /// What its functions are called.
    fn defined(&self) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter_map(|line| function_name(line.trim_start()))
    }

    /// The names that it declares at the top level.
    fn declared(&self) -> Vec<&'a str> {
        let Some(declaration) = self.head().strip_prefix("local ") else {
            return Vec::new();
        };
        if let Some(function) = declaration.strip_prefix("function ") {
            return function.split('(').take(1).collect();
        }
        let code = declaration.split("--").next().unwrap_or_default();
        let names = code.split('=').next().unwrap_or_default();
        names.split(',').map(str::trim).collect()
    }

    /// The name, or names, that it gives a value.
    fn assigned(&self) -> Option<&'a str> {
        let code = self.head().split("--").next().unwrap_or_default();
        let (names, _) = code.strip_prefix("local ").unwrap_or(code).split_once(" = ")?;
        Some(names)
    }

    /// Writes it where its names are declared before. A name that is declared without a value is nil at the beginning of each
    /// call, unless a definition gives it its value.
    fn write(&self, defined: &Defined<'_>, lua: &mut String) {
        for line in &self.comment {
            push_line(line, lua);
        }
        match self.head().strip_prefix("local ") {
            Some(declaration) if declaration.starts_with("function ") || self.assigned().is_some() => {
                push_line(declaration, lua);
            }
            Some(_) => {
                let names = self.declared().into_iter();
                let names: Vec<_> = names.filter(|name| !defined.names.contains(name)).collect();
                if !names.is_empty() {
                    push_line(&format!("{} = nil", names.join(", ")), lua);
                }
            }
            None => push_line(self.head(), lua),
        }
        for line in self.lines.iter().skip(1) {
            push_line(line, lua);
        }
    }
}

/// The function that a line begins to define: `f`, or `table.f`.
fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("local ").unwrap_or(line);
    let name = match line.strip_prefix("function ") {
        Some(rest) => rest.split('(').next()?,
        None => line.split_once(" = function(")?.0,
    };
    let is_name = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
    };
    is_name(name).then_some(name)
}

/// The table that `table.f` is put into.
fn table_of(name: &str) -> Option<&str> {
    Some(name.split_once('.')?.0)
}

fn words(lua: &str) -> impl Iterator<Item = &str> {
    lua.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
