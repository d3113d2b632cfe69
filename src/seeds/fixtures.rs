//! Which files there are, and which table each is for: the one whose name it has.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::Mistake;
use super::ahead::Ahead;
use super::csv::Csv;
use super::source::Source;
use super::yaml::Yaml;
use crate::error::{Error, Result};

/// The longest row, in bytes: it is in memory.
const ROW: usize = 64 << 20;

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// The table.
    pub table: String,
    /// The file.
    pub path: PathBuf,
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
    /// [`Error::Fixture`], [`Error::File`].
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

    pub(super) fn wrong(&self, fault: Mistake) -> Error {
        Error::Fixture { path: self.path.clone(), fault: Box::new(fault) }
    }
}

/// The fixtures of a folder, by table; there may be none. Where it has a folder that is named after the environment, those in
/// there.
///
/// # Errors
/// [`Error::File`], [`Error::Fixtures`] where there are two for one table.
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
            return Err(Error::Fixtures { path, message: "it is a folder, not a file".to_owned() });
        }
        let fixture = Fixture { table: table.to_owned(), path: path.clone(), form };
        if let Some(other) = found.insert(table.to_owned(), fixture) {
            return Err(Error::Fixtures {
                path: other.path,
                message: format!("{} is for the same table", path.display()),
            });
        }
    }
    Ok(found.into_values().collect())
}
