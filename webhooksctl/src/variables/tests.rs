use std::process::Command;

use super::*;

#[test]
fn sh_reads_every_value_back() {
    let mut variables = Variables::default();
    let values = [
        "",
        "plain",
        "with space",
        "a'b\"c",
        "$HOME `id` \\n",
        "redis://u:p@h:1/0?x=y&z",
    ];
    for (number, value) in values.iter().enumerate() {
        variables.set(&format!("V{number}"), *value);
    }
    let script = format!(
        "{}\nprintf '%s\\n' \"$V0\" \"$V1\" \"$V2\" \"$V3\" \"$V4\" \"$V5\"",
        variables.text().unwrap()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().collect::<Vec<_>>(), values);
    variables.set("PEM", "two\nlines");
    assert!(variables.text().unwrap_err().to_string().contains("PEM"));
}
