//! The house rules: which crate may import which, no circle among modules beside each other, how long a file may be, and a map
//! that leads to every room.
//!
//! The rules are functions of data, so that a test beside each can apply it to a house that breaks it.

mod circles;

mod code_map;

mod crates;

mod imports;

mod lengths;

mod tokens;

use std::path::{Path, PathBuf};

/// All files below a directory, in order; those that cargo and `scripts/test` put there are left out.
pub(super) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !path.is_dir() {
            files.push(path);
        } else if !name.starts_with('.') && !["target", "node_modules", "__pycache__"].contains(&name) {
            files.extend(files_below(&path));
        }
    }
    files
}
