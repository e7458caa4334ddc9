//! What a command prints: sentences for people, or one JSON document. What happens on the way never gets between the document's lines.

use std::io::Write as _;

use clap::Args;
use serde_json::Value;

/// How a command prints.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OutputArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl OutputArgs {
    /// Whether JSON is wanted.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Tells what happens on the way: on standard error where the document has standard output for itself.
    pub(crate) fn step(self, text: &str) -> anyhow::Result<()> {
        if self.json {
            eprintln!("{text}");
        } else {
            writeln!(std::io::stdout(), "{text}")?;
        }
        Ok(())
    }

    /// Prints what came of it.
    pub(crate) fn print(self, json: &Value, text: &str) -> anyhow::Result<()> {
        let text = if self.json {
            &json.to_string()
        } else {
            text.trim_end()
        };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }
}
