//! Generates, compiles and runs the client in a directory of the test's own, so that no generated file is ever beside the
//! sources.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use e2e::temp_dir::TempDir;

/// The sources of `e2e/client`, the OpenAPI document and the packages that `scripts/test` installs, in one directory.
pub(crate) struct Workshop(TempDir);

impl Workshop {
    pub(crate) fn new() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let packages = workspace.join(".tools/client/node_modules");
        assert!(
            packages.exists(),
            "{} is missing: run ./scripts/test once",
            packages.display()
        );
        let directory = TempDir::new("client");
        for source in fs::read_dir(workspace.join("e2e/client")).unwrap() {
            let source = source.unwrap();
            if source.file_type().unwrap().is_file() {
                fs::copy(source.path(), directory.path().join(source.file_name())).unwrap();
            }
        }
        let document = workspace.join("openapi/openapi.json");
        fs::copy(document, directory.path().join("openapi.json")).unwrap();
        symlink(
            packages.canonicalize().unwrap(),
            directory.path().join("node_modules"),
        )
        .unwrap();
        Self(directory)
    }

    /// What Node.js prints; whatever doesn't end with 0 fails the test with all that was said.
    pub(crate) fn node(&self, arguments: &[&str], variables: &[(&str, String)]) -> String {
        let output = Command::new("node")
            .args(arguments)
            .current_dir(self.0.path())
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap_or_else(|error| panic!("node: {error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "node {arguments:?} ended with {}:\n{said}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }
}
