//! What both programs read from the environment (or from flags of the same names), and what they say about a wrong value.
//!
//! One struct per concern ([`MemoryArgs`], [`UrlArgs`], …), one documented line per variable. A program gathers those that it
//! needs in a struct of its own. [`parse`] reads it, or stops the start with one sentence that names the variable.

mod args;

mod values;

pub use args::{AccountArgs, HeaderArgs, LogArgs, LogFormat, MemoryArgs, SecretsArgs, UrlArgs};
pub use values::{ByteSize, Span, positive_size, positive_span, read_value, split_list};

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Reads a program's configuration from its flags and its environment.
///
/// If asked for help or the version, prints it and ends the process. If a value is wrong or missing, ends the process
/// with status 2 and one sentence that names the variable.
#[must_use]
pub fn parse<T: Parser>() -> T {
    read().unwrap_or_else(|sentence| {
        eprintln!("{sentence}");
        std::process::exit(2)
    })
}

/// The same for whoever says by itself what is wrong.
///
/// # Errors
///
/// One sentence that names the variable.
pub fn read<T: Parser>() -> Result<T, String> {
    T::try_parse().map_err(|error| {
        if matches!(
            error.kind(),
            ErrorKind::DisplayHelp
                | ErrorKind::DisplayVersion
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        ) {
            error.exit();
        }
        one_sentence(&error)
    })
}

/// Says in one sentence, with the variable's name, what is wrong with the configuration.
#[must_use]
pub fn one_sentence(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let Some(argument) = text(ContextKind::InvalidArg) else {
        return error.to_string().lines().next().unwrap_or_default().to_owned();
    };
    // Flags are named after variables: `--api-listen <API_LISTEN>` is API_LISTEN.
    let variables: Vec<_> = argument
        .split(", ")
        .map(|one| {
            one.split([' ', '='])
                .next()
                .unwrap_or_default()
                .trim_start_matches('-')
        })
        .map(|flag| flag.replace('-', "_").to_uppercase())
        .collect();
    let variables = variables.join(", ");
    match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("{variables}: must be set; see --help"),
        ErrorKind::UnknownArgument => format!("unknown argument {argument}; see --help"),
        _ => {
            let reason = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_else(|| {
                    text(ContextKind::ValidValue).map_or_else(
                        || "not allowed".to_owned(),
                        |valid| format!("must be one of {valid}"),
                    )
                });
            // Not the value itself: it may be a secret.
            format!("{variables}: {reason}")
        }
    }
}

#[cfg(test)]
mod tests;
