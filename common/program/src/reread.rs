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

    /// Those of these variables that name a file, comma-separated.
    #[must_use]
    pub fn files<'a>(&self, variables: &[&'a str]) -> Vec<&'a str> {
        let variables = variables.iter().copied();
        variables.filter(|variable| self.is_file(variable)).collect()
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
