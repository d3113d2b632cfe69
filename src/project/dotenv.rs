//! The project's `.env`, read as `dotenvy` reads it for an application: the first of two lines wins, a byte order mark is no
//! part of a name, and a folder without the file takes that of the folder above, up to the repository's or the workspace's. It
//! returns variables with their lines. What a variable means is the business of whoever asks.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use kit_runtime::config::origin::{Origin, Setting, Source};

use super::manifest;
use crate::error::{Error, Result};

/// The name of the file.
const NAME: &str = ".env";

/// A file with variables, or none.
#[derive(Clone, Debug, Default)]
pub struct Dotenv {
    /// The file, if there is one.
    pub path: Option<PathBuf>,
    /// Why it was not read.
    pub distrust: Option<&'static str>,
    /// Its name, relative to the project's root.
    label: String,
    variables: BTreeMap<String, Variable>,
}

#[derive(Clone, Debug)]
struct Variable {
    value: String,
    line: usize,
}

impl Dotenv {
    /// Reads the file that an application in `root` would find.
    ///
    /// # Errors
    /// [`Error::Unreadable`] with the line, never with its content.
    pub fn find(root: &Path) -> Result<Self> {
        let Some((path, label)) = locate(root) else { return Ok(Self::default()) };
        let distrust = distrust(&path);
        let variables = match distrust {
            Some(_) => BTreeMap::new(),
            None => read(&path)?,
        };
        Ok(Self { path: Some(path), distrust, label, variables })
    }

    /// A variable and its line; an empty one counts as unset.
    pub fn get(&self, name: &str) -> Option<Setting> {
        let variable = self.variables.get(name).filter(|variable| !variable.value.is_empty())?;
        Some(Setting::new(variable.value.clone(), self.origin(name, variable)))
    }

    /// The names of all variables, with where they are set.
    pub fn names(&self) -> impl Iterator<Item = (&str, Origin)> {
        self.variables.iter().map(|(name, variable)| (name.as_str(), self.origin(name, variable)))
    }

    fn origin(&self, name: &str, variable: &Variable) -> Origin {
        Origin::file(Source::Dotenv, name, &self.label, Some(variable.line))
    }
}

/// The file in `root`, else the nearest one above that is still in the same repository or workspace.
fn locate(root: &Path) -> Option<(PathBuf, String)> {
    let is_top = |folder: &Path| folder.join(".git").exists();
    let top = root
        .ancestors()
        .find(|folder| is_top(folder))
        .map(Path::to_owned)
        .or_else(|| manifest::workspace_above(root).and_then(|manifest| manifest.parent().map(Path::to_owned)));
    let mut up = String::new();
    for folder in root.ancestors() {
        if folder.join(NAME).is_file() {
            return Some((folder.join(NAME), format!("{up}{NAME}")));
        }
        if top.as_deref().is_none_or(|top| folder == top) {
            break;
        }
        up.push_str("../");
    }
    None
}

fn read(path: &Path) -> Result<BTreeMap<String, Variable>> {
    let unreadable = |message: String| Error::Unreadable { path: path.to_owned(), message };
    let bytes = std::fs::read(path).map_err(|_| unreadable("it cannot be opened".to_owned()))?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let line = Rc::new(Cell::new(0));
    let mut variables = BTreeMap::new();
    for entry in dotenvy::from_read_iter(Lines { rest: bytes, line: Rc::clone(&line) }) {
        match entry {
            Ok((name, value)) => {
                let line = line.get().saturating_sub(value.matches('\n').count());
                variables.entry(name).or_insert(Variable { value, line });
            }
            // The parser's own message quotes the line, and the line may hold a password.
            Err(dotenvy::Error::LineParse(text, _)) => {
                let more = text.trim_end_matches('\n').matches('\n').count();
                return Err(unreadable(format!("line {} is not NAME=value", line.get().saturating_sub(more).max(1))));
            }
            Err(_) => return Err(unreadable(format!("line {} is not UTF-8", line.get()))),
        }
    }
    Ok(variables)
}

/// A text that is handed out line by line, and counts them.
struct Lines<'a> {
    rest: &'a [u8],
    line: Rc<Cell<usize>>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let whole = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |at| at + 1);
        let length = whole.min(buffer.len());
        let (now, later) = self.rest.split_at(length);
        if let Some(place) = buffer.get_mut(..length) {
            place.copy_from_slice(now);
        }
        self.rest = later;
        if length == whole && length > 0 {
            self.line.set(self.line.get() + 1);
        }
        Ok(length)
    }
}

/// Returns why kit does not read a file: a user who cannot write the project's sources can write the file.
#[cfg(unix)]
fn distrust(path: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    let folder = std::fs::metadata(path.parent()?).ok()?;
    let own = rustix::process::geteuid().as_raw();
    // Where every user has a group of their own, of the same number, group-writable is the default.
    let others = if file.gid() == file.uid() { 0o002 } else { 0o022 };
    if ![own, 0, folder.uid()].contains(&file.uid()) {
        Some("another user owns it")
    } else if file.mode() & others != 0 {
        Some("others can write to it")
    } else {
        None
    }
}

/// Who may write a file is not asked on this system.
#[cfg(not(unix))]
fn distrust(_path: &Path) -> Option<&'static str> {
    None
}
