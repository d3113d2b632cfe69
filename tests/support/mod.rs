//! A project in a temporary folder and kit run on it in this very process. A run is returned as one
//! transcript of standard output, standard error and exit code, with the folder's path replaced by
//! `[ROOT]`. It knows no command and no database.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test binary uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]

pub mod application;
pub mod cache;
pub mod database;
pub mod migrations_of_projects;
pub mod pooler;
pub mod projects;
pub mod random_numbers;
pub mod schemas;
pub mod script;
pub mod server;
pub mod steps;
pub mod text;
pub mod types;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use kit::error::Error;
use kit::ui::{Interaction, Streams};
use kit::{Host, run};
use kit_runtime::wire::Failure;
use tempfile::TempDir;
pub use text::{quotes, shows};

/// A mod.rs without migrations, as a new project has it.
pub const EMPTY_INDEX: &str = "\
pub use sea_orm_migration::prelude::*;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![]
    }
}
";

/// A folder, and the world that kit sees in it.
pub struct Sandbox {
    root: PathBuf,
    /// Deletes the folder in the end, if it is a temporary one.
    _home: Option<TempDir>,
    env: BTreeMap<String, String>,
    cwd: PathBuf,
    clock: fn() -> DateTime<Utc>,
    /// Columns of the terminal, if there is one.
    columns: Option<usize>,
}

impl Sandbox {
    /// An empty folder, an empty environment.
    pub fn new() -> Self {
        let home = TempDir::new().unwrap();
        let root = home.path().canonicalize().unwrap();
        Self { cwd: root.clone(), root, _home: Some(home), env: BTreeMap::new(), clock: now, columns: None }
    }

    /// A folder that stays, with an empty environment.
    pub fn at(root: &Path) -> Self {
        fs::create_dir_all(root).unwrap();
        let root = root.canonicalize().unwrap();
        Self { cwd: root.clone(), root, _home: None, env: BTreeMap::new(), clock: now, columns: None }
    }

    /// A project in kit's layout without migrations.
    pub fn project() -> Self {
        Self::new().file("migrations/mod.rs", EMPTY_INDEX)
    }

    /// With a file in it, folders included.
    pub fn file(self, path: &str, content: &str) -> Self {
        self.write(path, content);
        self
    }

    /// With a variable in the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same folder with one more variable in the environment.
    pub fn seeing(&self, name: &str, value: &str) -> Self {
        let (root, cwd, env) = (self.root.clone(), self.cwd.clone(), self.env.clone());
        Self { root, _home: None, env, cwd, clock: self.clock, columns: self.columns }.env(name, value)
    }

    /// With another clock than the one that stands still.
    pub fn clock(mut self, clock: fn() -> DateTime<Utc>) -> Self {
        self.clock = clock;
        self
    }

    /// With a terminal of this width.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns);
        self.env("NO_COLOR", "1")
    }

    /// With the working folder below the root.
    pub fn cwd(mut self, path: &str) -> Self {
        self.cwd = self.root().join(path);
        self
    }

    /// The folder, links followed.
    pub fn root(&self) -> PathBuf {
        self.root.clone()
    }

    /// Writes a file, folders included.
    #[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
    pub fn write(&self, path: &str, content: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// All files below the folder, sorted, relative.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.root(), &self.root(), &mut files);
        files.sort();
        files
    }

    /// Runs `kit …` without a terminal to answer questions on.
    #[must_use = "the run may have failed"]
    pub fn kit<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Transcript {
        self.run(arguments, Interaction::Absent)
    }

    /// Runs `kit …` and gives these answers to its questions, in this order.
    #[must_use = "the run may have failed"]
    pub fn kit_answering(&self, arguments: &[&str], answers: &[&str]) -> Transcript {
        let answers: VecDeque<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        self.run(arguments, Interaction::Scripted(answers))
    }

    fn run<S: AsRef<OsStr>>(&self, arguments: &[S], interaction: Interaction) -> Transcript {
        let (out, err) = (Shared::default(), Shared::default());
        let host = Host {
            env: self.env.clone(),
            cwd: self.cwd.clone(),
            executable: None,
            now: self.clock,
            local_now,
            streams: Streams {
                out: Box::new(out.clone()),
                err: Box::new(err.clone()),
                out_is_terminal: self.columns.is_some(),
                err_is_terminal: self.columns.is_some(),
                width: Some(self.columns.unwrap_or(80)),
            },
            interaction,
        };
        let arguments: Vec<OsString> =
            std::iter::once(OsStr::new("kit")).chain(arguments.iter().map(AsRef::as_ref)).map(Into::into).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(run(arguments, host));
        let root = self.root().display().to_string();
        Transcript {
            stdout: out.text().replace(&root, "[ROOT]"),
            stderr: err.text().replace(&root, "[ROOT]"),
            code: outcome.as_ref().map_or_else(|error| error.exit().code(), |exit| exit.code()),
            error: outcome.err().map(Arc::new),
        }
    }
}

/// The output of a run of kit, its exit code and its error.
///
/// Tests match on the error's variant, the exit code, JSON and effects. The wording is pinned in snapshots only.
///
/// [`Self::shows`] and [`Self::hides`] look for data in the output: names, values, SQL, paths, flags. [`Self::quotes`] looks for
/// text that another program wrote (a server, a compiler) or that the test itself put there. `tests/tidy.rs` holds these rules.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Standard output: what was asked for.
    pub stdout: String,
    /// Standard error: progress, warnings and errors.
    pub stderr: String,
    /// Exit code.
    pub code: u8,
    /// The error that ended it, if one did.
    pub error: Option<Arc<Error>>,
}

impl Transcript {
    /// The error that ended the run.
    ///
    /// # Panics
    /// If it ended without one.
    #[track_caller]
    pub fn error(&self) -> &Error {
        self.error.as_deref().unwrap_or_else(|| panic!("kit ended without an error:\n{self}"))
    }

    /// The failure that the migrator or the engine reported.
    ///
    /// # Panics
    /// If the run ended otherwise.
    #[track_caller]
    pub fn failure(&self) -> &Failure {
        match self.error() {
            Error::Migrator { failure, .. } => failure,
            other => panic!("no failure of a migrator: {other:?}\n{self}"),
        }
    }

    /// The hint of the error, empty if it has none.
    #[track_caller]
    pub fn hint(&self) -> String {
        self.error().hint().unwrap_or_default()
    }

    /// The commands that the hint names, each without `kit`, as a shell would read them: to follow a hint and see where it leads.
    #[track_caller]
    pub fn hinted(&self) -> Vec<Vec<String>> {
        commands(&self.hint())
    }

    /// kit's commands in the hints on standard error, as a shell would read them: to run them as printed.
    #[track_caller]
    pub fn printed(&self) -> Vec<Vec<String>> {
        let hints = self.stderr.split("hint: ").skip(1).collect::<String>();
        let text = hints.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        commands(&text)
    }

    /// Whether the data is on either stream.
    #[must_use]
    pub fn shows(&self, data: impl AsRef<str>) -> bool {
        shows(&self.to_string(), data)
    }

    /// Whether the data is on neither stream.
    #[must_use]
    pub fn hides(&self, data: impl AsRef<str>) -> bool {
        !self.shows(data)
    }

    /// Whether text of another program, or of the test, is on either stream.
    #[must_use]
    pub fn quotes(&self, foreign: impl AsRef<str>) -> bool {
        quotes(&self.to_string(), foreign)
    }

    /// The JSON on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

/// kit's commands in a text, each without `kit`, as a shell would read them.
pub fn commands(text: &str) -> Vec<Vec<String>> {
    let quoted = text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("kit "));
    quoted.map(words).collect()
}

/// The words of a command line; single quotes keep blanks together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for character in command.chars().chain([' ']) {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            other => word.push(other),
        }
    }
    words
}

/// Asserts that the run ended with an error of this pattern: `assert_error!(run, Error::NoProject { .. })`.
macro_rules! assert_error {
    ($run:expr, $($pattern:tt)+) => {{
        let run = &$run;
        assert!(matches!(run.error(), $($pattern)+), "{:?}\n{run}", run.error());
    }};
}

/// Asserts that the migrator or the engine reported a failure of this pattern.
macro_rules! assert_failure {
    ($run:expr, $($pattern:tt)+) => {{
        let run = &$run;
        assert!(matches!(run.failure(), $($pattern)+), "{:?}\n{run}", run.failure());
    }};
}

pub(crate) use {assert_error, assert_failure};

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "--- stderr ---\n{}", self.stderr)?;
        }
        write!(f, "--- exit {} ---", self.code)
    }
}

/// 2026-01-02 03:04:05 UTC.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_323_045, 0).unwrap()
}

/// The same moment, two hours further east.
pub fn local_now() -> NaiveDateTime {
    now().naive_utc() + chrono::TimeDelta::hours(2)
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            collect(root, &entry.path(), files);
        } else {
            files.push(entry.path().strip_prefix(root).unwrap().display().to_string());
        }
    }
}
