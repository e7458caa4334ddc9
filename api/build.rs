//! Puts the built dashboard into the program: cargo notices when any of its files changes, comes or goes.
//!
//! What would only show in a browser stops the build with a sentence: a page without its settings block, a file that nothing serves.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What the API fills in at its start. Both pages have it exactly once.
const SETTINGS_BLOCK: &str = r#"<script type="application/json" id="dashboard-settings">{}</script>"#;

/// The pages, and what each is called in the generated code.
const PAGES: [(&str, &str); 2] = [("index.html", "INDEX"), ("embed.html", "EMBED")];

const ASSETS: &str = "assets";

fn main() -> Result<(), String> {
    let dist = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../dashboard/dist");
    let mut stdout = std::io::stdout();
    writeln!(stdout, "cargo::rerun-if-changed={}", dist.display()).map_err(|error| error.to_string())?;
    for (name, path) in entries(&dist)? {
        if name != ASSETS && !PAGES.iter().any(|(page, _)| *page == name) {
            return Err(format!(
                "{}: only index.html, embed.html and assets/ are served",
                path.display()
            ));
        }
    }
    let mut code = format!("pub(super) const SETTINGS_BLOCK: &str = {SETTINGS_BLOCK:?};\n");
    let mut add = |line: String| writeln!(code, "{line}").map_err(|error| error.to_string());
    for (page, constant) in PAGES {
        let path = dist.join(page);
        let html = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if html.matches(SETTINGS_BLOCK).count() != 1 {
            return Err(format!(
                "{}: must have {SETTINGS_BLOCK} exactly once",
                path.display()
            ));
        }
        add(format!("pub(super) const {constant}: &str = {html:?};"))?;
    }
    add("pub(super) static ASSETS: &[(&str, &[u8])] = &[".to_owned())?;
    for (name, path) in entries(&dist.join(ASSETS))? {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !path.is_file() || !name.bytes().all(is_plain) {
            return Err(format!(
                "{}: an asset is a file whose name has only letters, digits, dots, dashes and underscores",
                path.display()
            ));
        }
        add(format!("    ({name:?}, include_bytes!({:?})),", path))?;
    }
    add("];".to_owned())?;
    let generated = Path::new(&variable("OUT_DIR")?).join("dashboard.rs");
    fs::write(&generated, code).map_err(|error| format!("{}: {error}", generated.display()))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

/// The names and paths in a directory, in order.
fn entries(directory: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| format!("{}: is no text", path.display()))?;
        entries.push((name.to_owned(), path));
    }
    entries.sort();
    Ok(entries)
}
