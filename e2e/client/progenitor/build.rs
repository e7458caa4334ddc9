//! Makes the client.

use std::path::Path;
use std::{env, fs};

fn main() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../openapi/openapi.json");
    println!("cargo::rerun-if-changed={}", document.display());
    let text = fs::read_to_string(document).unwrap();
    let document = serde_json::from_str(&text).unwrap();
    let client = progenitor_impl::Generator::default().generate_tokens(&document).unwrap();
    let out = env::var_os("OUT_DIR").unwrap();
    fs::write(Path::new(&out).join("client.rs"), client.to_string()).unwrap();
}
