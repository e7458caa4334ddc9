//! Where the sources are, and what `scripts/test` has installed for the tests.

use std::path::{Path, PathBuf};

/// The root of the sources.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the sources are where the test was built")
}

/// What is installed under this name in `.tools`.
#[must_use]
pub fn tools(name: &str) -> PathBuf {
    let path = root().join(".tools").join(name);
    path.canonicalize()
        .unwrap_or_else(|_| panic!("{} is missing: run ./scripts/test once", path.display()))
}

/// Chromium, wherever it is on the path.
#[must_use]
pub fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|directory| {
            ["chromium", "chromium-browser", "google-chrome"].map(|name| directory.join(name))
        })
        .find(|program| program.is_file())
        .expect("Chromium is needed for this test: ./scripts/test says how")
}
