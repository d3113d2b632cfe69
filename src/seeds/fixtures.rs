//! Which files there are, and which table each is for: the one whose name it has.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::ahead::Ahead;
use super::csv::Csv;
use super::file_name::table_of;
use super::source::Source;
use super::yaml::Yaml;
use crate::error::{Error, FixtureMistake, Result, SeedError};

/// The longest row, in bytes: it is in memory.
const ROW: usize = 64 << 20;

/// The first line of a file that a dump writes.
pub(super) const MARK: &str = "# Rows as `kit db:seed --dump` found them: triggers do not run for them.";

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// The table.
    pub table: String,
    /// The file.
    pub path: PathBuf,
    /// Whether kit wrote the file from the table, with all columns: it still has its [`MARK`].
    pub dumped: bool,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Yaml,
    Csv,
}

impl Form {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            // JSON is YAML.
            "yaml" | "yml" | "json" => Some(Self::Yaml),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

impl Fixture {
    /// Its rows, from the start.
    ///
    /// # Errors
    /// [`SeedError::Fixture`], [`Error::File`].
    pub(super) fn records(&self) -> Result<Ahead> {
        let failed = |source| Error::File { action: "read", path: self.path.clone(), source };
        let file = File::open(&self.path).map_err(failed)?;
        let source = || Source::new(file, ROW);
        Ok(match self.form {
            Form::Yaml => Ahead::new(|| Ok(Yaml::new(source()))),
            Form::Csv => Ahead::new(|| Csv::new(source())),
        })
    }

    /// Whether its rows may have labels.
    pub(super) fn may_have_labels(&self) -> bool {
        self.form == Form::Yaml
    }

    pub(super) fn wrong(&self, fault: FixtureMistake) -> Error {
        SeedError::Fixture { path: self.path.clone(), fault: Box::new(fault) }.into()
    }
}

/// The fixtures of a folder, by table; there may be none. Where it has a folder that is named after the environment, those in
/// there.
///
/// # Errors
/// [`Error::File`], [`SeedError::Fixtures`] where there are two for one table.
pub fn find(folder: &Path, environment: &str) -> Result<Vec<Fixture>> {
    let own = folder.join(environment);
    let folder = if own.is_dir() { own } else { folder.to_owned() };
    let failed = |source| Error::File { action: "read", path: folder.clone(), source };
    let mut found: BTreeMap<String, Fixture> = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let (Some(form), Some(table)) = (Form::of(&path), path.file_stem().and_then(|stem| stem.to_str())) else {
            continue;
        };
        let about =
            std::fs::metadata(&path).map_err(|source| Error::File { action: "read", path: path.clone(), source })?;
        if !about.is_file() {
            return Err(SeedError::Fixtures { path, message: "it is a folder, not a file".to_owned() }.into());
        }
        let table = table_of(table);
        let dumped = form == Form::Yaml && starts_with_mark(&path).map_err(failed)?;
        let fixture = Fixture { table: table.clone(), path: path.clone(), dumped, form };
        if let Some(other) = found.insert(table, fixture) {
            return Err(SeedError::Fixtures {
                path: other.path,
                message: format!("{} is for the same table", path.display()),
            }
            .into());
        }
    }
    Ok(found.into_values().collect())
}

/// Whether a file begins with [`MARK`] and has rows after it.
fn starts_with_mark(path: &Path) -> std::io::Result<bool> {
    let mut start = String::new();
    let length = MARK.len() as u64 + 4;
    // What is no UTF-8 is reported with its line when the file is read.
    let read = File::open(path)?.take(length).read_to_string(&mut start);
    Ok(read.is_ok() && start.strip_prefix(MARK).is_some_and(|rest| !rest.starts_with("\n[]")))
}
