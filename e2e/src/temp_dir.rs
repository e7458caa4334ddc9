//! A directory for one test, which goes when the test ends.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A new empty directory; dropping it removes it with all that it holds.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes `webhooks-<name>-<process>-<number>` among the temporary files.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::within(&env::temp_dir(), name)
    }

    /// As [`new`](Self::new), but in the directory that `TEST_DATA_DIR` names, if it is set: for what a server has to have on its
    /// disk before it answers. Tests end servers and not the machine, so that memory keeps all that a disk would; a disk that others
    /// use too can take seconds for it, and a test would see an outage. Benchmarks leave the variable unset.
    #[must_use]
    pub fn for_data(name: &str) -> Self {
        let named = env::var_os("TEST_DATA_DIR").filter(|named| !named.is_empty());
        let place = named.map_or_else(env::temp_dir, PathBuf::from);
        Self::within(&place, name)
    }

    fn within(place: &Path, name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("webhooks-{name}-{}-{number}", std::process::id()));
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
