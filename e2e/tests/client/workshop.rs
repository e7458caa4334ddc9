//! Generates, compiles and runs a client in a directory of the test's own, so that no generated file is ever beside the
//! sources.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use e2e::temp_dir::TempDir;
use e2e::workspace::{root, tools};

use crate::story::Variables;

/// The OpenAPI document and what is about it, the sources of one client, and the packages that `scripts/test` installs, in one
/// directory.
pub(crate) struct Workshop {
    directory: TempDir,
    packages: PathBuf,
}

impl Workshop {
    /// With the packages in `.tools/{packages}`, and what all clients and this one have in `e2e/client`.
    pub(crate) fn with(packages: &str, client: &str) -> Self {
        let packages = tools(packages);
        let directory = TempDir::new("client");
        let sources = root().join("e2e/client");
        for from in [root().join("openapi"), sources.clone(), sources.join(client)] {
            for source in fs::read_dir(from).unwrap() {
                let source = source.unwrap();
                if source.file_type().unwrap().is_file() {
                    fs::copy(source.path(), directory.path().join(source.file_name())).unwrap();
                }
            }
        }
        let modules = packages.join("node_modules");
        if modules.exists() {
            symlink(modules, directory.path().join("node_modules")).unwrap();
        }
        Self { directory, packages }
    }

    /// What Node.js prints.
    pub(crate) fn node(&self, arguments: &[&str]) -> String {
        self.run("node", arguments, &Vec::new())
    }

    /// What Python prints.
    pub(crate) fn python(&self, arguments: &[&str], variables: &Variables) -> String {
        let packages = self.packages.to_str().unwrap().to_owned();
        let paths = vec![("PYTHONPATH", packages), ("PYTHONIOENCODING", "utf-8".to_owned())];
        self.run("python3", arguments, &[paths, variables.clone()].concat())
    }

    /// What a program prints that runs here.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], variables: &Variables) -> String {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.directory.path())
            // Nobody is told that we lint.
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
            .env("NO_COLOR", "1")
            .envs(variables.iter().map(|(name, value)| (name, value)));
        output_of(&mut command)
    }
}

/// What a program prints; whatever doesn't end with 0 fails the test with all that was said.
pub(crate) fn output_of(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    said
}
