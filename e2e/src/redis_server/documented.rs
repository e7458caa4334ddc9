//! Users that docs/operations.md adds to the access list.

/// Whoever moves shards.
#[derive(Debug)]
pub struct Mover {
    /// The user's line, with `<SHA-256>` for its password's.
    pub line: String,
    /// What it has besides on Valkey from 9.
    pub here: String,
    /// What nodes need there that log in at each other.
    pub replica: String,
}

/// Reads what the page says of it.
///
/// # Panics
///
/// When it isn't there.
#[must_use]
pub fn mover() -> Mover {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, page) = page.split_once("```\nuser mover ").expect("the user is there");
    let (line, rest) = page.split_once("```").expect("its line ends");
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    let mut besides = || {
        quoted
            .find(|text| text.contains('+'))
            .expect("what some have besides")
    };
    Mover {
        line: format!("user mover {}", line.trim_end()),
        here: besides(),
        replica: besides(),
    }
}
