//! A directory for one test, which goes when the test ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A new empty directory; dropping it removes it with all that it holds.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes `webhooks-<name>-<process>-<number>` among the temporary files.
    #[must_use]
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("webhooks-{name}-{}-{number}", std::process::id()));
        // An earlier process of the same number may have left this behind.
        if path.exists() {
            std::fs::remove_dir_all(&path).unwrap();
        }
        std::fs::create_dir_all(&path)
            .unwrap_or_else(|error| panic!("cannot make the directory {}: {error}", path.display()));
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("left behind: {}: {error}", self.0.display());
        }
    }
}
