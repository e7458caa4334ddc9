//! docs/scaling.md quotes what its simulation prints.

use std::path::Path;
use std::process::Command;

#[test]
fn the_simulation_prints_what_the_page_quotes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let run = |arguments: &[&str]| {
        Command::new(root.join("scripts/simulate-shards"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let output = run(&[]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && printed.lines().count() == 7,
        "{printed}"
    );
    let page = std::fs::read_to_string(root.join("docs/scaling.md")).unwrap();
    assert!(page.contains(&format!("```\n{printed}```")), "{printed}");
    for wrong in [["--accounts", "0"], ["--exponent", "9"], ["--moved", "-1"]] {
        let refused = run(&wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
        assert!(
            String::from_utf8(refused.stderr)
                .unwrap()
                .contains("--accounts is 1 to")
        );
    }
}
