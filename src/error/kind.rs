//! The kind of an error as a word, for programs that read `--json`.

use serde_json::Value;

use super::Error;

impl Error {
    /// Returns the error's kind in snake_case: the name of its variant. An error that wraps another has the kind of that one.
    pub fn kind(&self) -> String {
        match self {
            Self::Seed(error) => <&str>::from(error).to_owned(),
            Self::Scratch(error) => <&str>::from(error).to_owned(),
            Self::Obstacle(error) => <&str>::from(error).to_owned(),
            Self::Cache(error) => <&str>::from(error).to_owned(),
            Self::Migrator { failure, .. } => {
                // The protocol has a word for each failure.
                let word = serde_json::to_value(failure).ok().and_then(|mut value| match value["failure"].take() {
                    Value::String(word) => Some(word),
                    _ => None,
                });
                word.unwrap_or_else(|| <&str>::from(self).to_owned())
            }
            other => <&str>::from(other).to_owned(),
        }
    }
}
