//! Where a setting comes from: a flag, a variable, a line of a file. It is a value that shows itself; it reads nothing.

use std::fmt;

use serde::Serialize;

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// What kind of place it is.
    pub source: Source,
    /// The flag, the variable or the key; empty where the source says it all.
    #[serde(rename = "key")]
    pub name: String,
    /// The file, relative to the project's root.
    pub file: Option<String>,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
}

/// Places that settings come from, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The command line.
    Flag,
    /// A variable of the process.
    Environment,
    /// A variable of `.env`.
    Dotenv,
    /// kit.toml.
    Settings,
    /// Loco's configuration.
    Loco,
    /// What the project's files look like.
    Detected,
    /// Nothing says it.
    Default,
}

impl Origin {
    /// A flag.
    pub fn flag(name: &str) -> Self {
        Self::of(Source::Flag, name)
    }

    /// A variable of the process.
    pub fn variable(name: &str) -> Self {
        Self::of(Source::Environment, name)
    }

    /// A key of a file.
    pub fn file(source: Source, name: &str, file: &str, line: Option<usize>) -> Self {
        Self { file: Some(file.to_owned()), line, ..Self::of(source, name) }
    }

    /// What the project's files look like.
    pub fn detected() -> Self {
        Self::of(Source::Detected, "")
    }

    /// Nothing says it.
    pub fn default_value() -> Self {
        Self::of(Source::Default, "")
    }

    /// The file and line, else the kind of place: for a sentence that has the name already.
    pub fn place(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) if self.source == Source::Environment => "the environment".to_owned(),
            (None, _) => self.to_string(),
        }
    }

    fn of(source: Source, name: &str) -> Self {
        Self { source, name: name.to_owned(), file: None, line: None }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{} in {file}:{line}", self.name),
            (Some(file), None) => write!(f, "{} in {file}", self.name),
            (None, _) => f.write_str(match self.source {
                Source::Default => "the default",
                Source::Detected => "the project's files",
                _ => &self.name,
            }),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T = String> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// Puts both together.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}
