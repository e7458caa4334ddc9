//! `dev.env`: variables in order, one `NAME=value` a line, readable by `sh`.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, ensure};

/// Variables, in the order in which they were set.
#[derive(Debug, Default)]
pub(crate) struct Variables(Vec<(String, String)>);

impl Variables {
    /// Adds a variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// The value of a variable.
    #[cfg(test)]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        for (name, value) in &self.0 {
            ensure!(
                !value.contains(['\n', '\r', '\0']),
                "{name} has more than one line; give a PEM as @file, or with \\n"
            );
            writeln!(text, "{name}={}", quoted(value))?;
        }
        Ok(text)
    }
}

/// A value as `sh` reads it, in quotes only if it needs them.
fn quoted(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-[]".contains(&byte);
    if value.bytes().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// Writes a file that only its owner can read. Readers see the old one or the new one, and nothing in between.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        // A file left by an interrupted run might have another mode.
        if new.exists() {
            fs::remove_file(&new)?;
        }
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
