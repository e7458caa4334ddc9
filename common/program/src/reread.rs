//! Reads the settings of a running program again. What environment variables hold can't change in it; what the files hold that they name can.

use std::path::Path;

use clap::{ArgMatches, Parser};

use crate::config::one_sentence;

/// Settings that were read again.
#[derive(Debug)]
pub struct Reread<T> {
    /// All of them.
    pub settings: T,
    matches: ArgMatches,
}

/// Variables that name files.
#[derive(Debug)]
pub struct Files {
    renewed: Vec<&'static str>,
    kept: Vec<&'static str>,
}

impl Files {
    /// Whether what this variable says was read again.
    #[must_use]
    pub fn are_renewed(&self, variable: &str) -> bool {
        self.renewed.contains(&variable)
    }
}

/// Logs what came of a signal to read files again.
pub fn tell(done: Result<Files, String>) {
    match done {
        Ok(files) => tracing::info!(
            read_again = files.renewed.join(", "),
            needs_a_restart = files.kept.join(", "),
            "asked to read files again; what environment variables hold themselves can't change in a running program"
        ),
        Err(sentence) => tracing::error!("nothing was reloaded, all stays as it was: {sentence}"),
    }
}

impl<T: Parser> Reread<T> {
    /// Reads and checks them as at the start.
    ///
    /// # Errors
    ///
    /// One sentence that names the variable.
    pub fn now() -> Result<Self, String> {
        let read = || {
            let matches = T::command().try_get_matches()?;
            let settings = T::from_arg_matches(&matches)?;
            Ok(Self { settings, matches })
        };
        read().map_err(|error: clap::Error| one_sentence(&error))
    }

    /// Which of these variables name a file: of those that may change, and of those that need a restart.
    #[must_use]
    pub fn files(&self, changing: &[&'static str], kept: &[&'static str]) -> Files {
        let of = |variables: &[&'static str]| {
            let variables = variables.iter().copied();
            variables.filter(|variable| self.is_file(variable)).collect()
        };
        Files {
            renewed: of(changing),
            kept: of(kept),
        }
    }

    fn is_file(&self, variable: &str) -> bool {
        let name = variable.to_lowercase();
        let Ok(Some(mut values)) = self.matches.try_get_raw(&name) else {
            return false;
        };
        let is_path = variable.ends_with("_FILE");
        values.any(|value| value.to_string_lossy().starts_with('@') || is_path && Path::new(value).is_file())
    }
}
