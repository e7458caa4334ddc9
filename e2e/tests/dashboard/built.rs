//! Whoever builds the API needs no Node.js: what is built of the dashboard is committed, and is what the sources make.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use e2e::temp_dir::TempDir;
use e2e::workspace::{root, tools};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::stage::copy_directory;

/// How much script the first page may load, compressed (bytes).
const FIRST_PAGE: usize = 150_000;

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            for (below, content) in self::files(&entry.path()) {
                files.insert(format!("{name}/{below}"), content);
            }
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn what_is_committed_is_what_the_sources_make() {
    let directory = TempDir::new("dashboard");
    let sources = directory.path().join("dashboard");
    copy_directory(&root().join("dashboard"), &sources);
    copy_directory(&root().join("openapi"), &directory.path().join("openapi"));
    fs::remove_dir_all(sources.join("dist")).unwrap();
    symlink(
        tools("dashboard").join("node_modules"),
        sources.join("node_modules"),
    )
    .unwrap();
    let built = Command::new("npm")
        .args(["run", "build"])
        .current_dir(&sources)
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}{}",
        String::from_utf8_lossy(&built.stdout),
        String::from_utf8_lossy(&built.stderr)
    );
    let (made, committed) = (
        files(&sources.join("dist")),
        files(&root().join("dashboard/dist")),
    );
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    let advice = "run `npm ci && npm run build` in dashboard/ and commit dist/";
    assert_eq!(names(&committed), names(&made), "{advice}");
    for (name, content) in &made {
        assert!(committed[name] == *content, "{name} differs: {advice}");
    }
}

/// The scripts that a page loads before it shows anything: those it names, and those that they import.
#[test]
fn the_first_page_loads_little() {
    let dist = root().join("dashboard/dist");
    for page in ["index.html", "embed.html"] {
        let html = fs::read_to_string(dist.join(page)).unwrap();
        let mut total = 0;
        for (before, _) in html.match_indices("/dashboard/assets/") {
            let path: String = html[before + "/dashboard/".len()..]
                .chars()
                .take_while(|char| *char != '"')
                .collect();
            if path.ends_with(".js") {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::new(4));
                encoder.write_all(&fs::read(dist.join(path)).unwrap()).unwrap();
                total += encoder.finish().unwrap().len();
            }
        }
        assert!(total > 10_000, "{page} loads its scripts: {total} bytes");
        assert!(total <= FIRST_PAGE, "{page} loads {total} bytes of script");
        println!("{page}: {total} bytes of script, compressed");
    }
}
