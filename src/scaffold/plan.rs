//! What kit would write into a project, as a value: shown by `--dry-run`, compared in tests, then
//! applied all or nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// What happens to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new, and must not be there when the plan is applied.
    Create,
    /// It is there and gets another content.
    Update,
    /// It is there with this content already.
    Unchanged,
    /// It is there and goes.
    Remove,
}

/// One file of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Its whole content.
    pub content: String,
    /// What happens to it.
    pub change: Change,
    /// What was there when the plan was made.
    before: Option<String>,
}

/// Files to write below one root.
#[derive(Clone, Debug)]
pub struct FilePlan {
    root: PathBuf,
    files: Vec<PlannedFile>,
}

impl FilePlan {
    /// An empty plan for the project at `root`; nothing outside of it can be planned.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), files: Vec::new() }
    }

    /// Plans a file that must not exist yet.
    ///
    /// # Errors
    /// [`Error::FileExists`], [`Error::OutsideProject`].
    pub fn create(&mut self, path: &Path, content: String) -> Result<()> {
        self.check_inside(path)?;
        if path.exists() || path.is_symlink() {
            return Err(Error::FileExists { path: path.to_owned() });
        }
        self.push(path, content, Change::Create, None);
        Ok(())
    }

    /// Plans the whole content of a file, whether it exists or not.
    ///
    /// # Errors
    /// [`Error::OutsideProject`], [`Error::File`] if it is there and cannot be read.
    pub fn write(&mut self, path: &Path, content: String) -> Result<()> {
        self.check_inside(path)?;
        if !path.exists() {
            self.push(path, content, Change::Create, None);
            return Ok(());
        }
        let before = crate::project::read(path)?;
        let change = if before == content { Change::Unchanged } else { Change::Update };
        self.push(path, content, change, Some(before));
        Ok(())
    }

    /// Plans that a file goes.
    ///
    /// # Errors
    /// Those of [`FilePlan::write`].
    pub fn remove(&mut self, path: &Path) -> Result<()> {
        self.check_inside(path)?;
        let before = crate::project::read(path)?;
        self.push(path, String::new(), Change::Remove, Some(before));
        Ok(())
    }

    /// The files in the order they were planned.
    pub fn files(&self) -> &[PlannedFile] {
        &self.files
    }

    /// Writes everything, or, on the first failure, puts back what was there.
    ///
    /// # Errors
    /// [`Error::FileExists`] if a file to create has appeared since, [`Error::File`].
    pub fn apply(&self) -> Result<()> {
        let mut staged = Vec::new();
        let mut folders = Vec::new();
        let writes = |file: &&PlannedFile| matches!(file.change, Change::Create | Change::Update);
        for file in self.files.iter().filter(writes) {
            match stage(file, &mut folders) {
                Ok(aside) => staged.push((file, aside)),
                Err(error) => {
                    remove_folders(&folders);
                    return Err(error);
                }
            }
        }
        let mut written: Vec<&PlannedFile> = Vec::new();
        for (file, aside) in staged {
            let outcome = match file.change {
                Change::Create => aside.persist_noclobber(&file.path),
                Change::Update | Change::Unchanged | Change::Remove => aside.persist(&file.path),
            };
            if let Err(error) = outcome {
                restore(&written);
                remove_folders(&folders);
                return Err(match error.error.kind() {
                    std::io::ErrorKind::AlreadyExists => Error::FileExists { path: file.path.clone() },
                    _ => Error::File { action: "write", path: file.path.clone(), source: error.error },
                });
            }
            written.push(file);
        }
        for file in self.files.iter().filter(|file| file.change == Change::Remove) {
            if let Err(source) = fs::remove_file(&file.path) {
                restore(&written);
                remove_folders(&folders);
                return Err(Error::File { action: "remove", path: file.path.clone(), source });
            }
            written.push(file);
        }
        Ok(())
    }

    fn push(&mut self, path: &Path, content: String, change: Change, before: Option<String>) {
        self.files.push(PlannedFile { path: path.to_owned(), content, change, before });
    }

    /// A path is inside if its nearest existing ancestor is, links followed.
    fn check_inside(&self, path: &Path) -> Result<()> {
        let outside = || Error::OutsideProject { path: path.to_owned() };
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let dots = path.components().any(|part| matches!(part, std::path::Component::ParentDir));
        let existing = path.ancestors().find(|ancestor| ancestor.exists()).ok_or_else(outside)?;
        let real = existing.canonicalize().map_err(|_| outside())?;
        let dangling = path.is_symlink() && !path.exists();
        // A root that is not there yet is made by the plan itself.
        let inside = real.starts_with(&root) || (!root.exists() && path.starts_with(&root));
        if inside && !dots && !dangling { Ok(()) } else { Err(outside()) }
    }
}

fn stage(file: &PlannedFile, folders: &mut Vec<PathBuf>) -> Result<NamedTempFile> {
    let failed = |source| Error::File { action: "write", path: file.path.clone(), source };
    let folder = file.path.parent().unwrap_or(Path::new("."));
    let missing: Vec<PathBuf> =
        folder.ancestors().take_while(|ancestor| !ancestor.exists()).map(Path::to_owned).collect();
    fs::create_dir_all(folder).map_err(failed)?;
    folders.extend(missing);
    let mut aside = tempfile::Builder::new().prefix(".kit-").tempfile_in(folder).map_err(failed)?;
    aside.write_all(file.content.as_bytes()).and_then(|()| aside.as_file().sync_all()).map_err(failed)?;
    set_mode(file, &aside).map_err(failed)?;
    Ok(aside)
}

/// A temporary file is the owner's alone; a source file is as readable as the one it replaces.
#[cfg(unix)]
fn set_mode(file: &PlannedFile, aside: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match fs::metadata(&file.path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(_) => 0o644,
    };
    aside.as_file().set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &PlannedFile, _aside: &NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

fn restore(written: &[&PlannedFile]) {
    for file in written.iter().rev() {
        // Best effort: the failure that led here is the one to report.
        let _ = match &file.before {
            Some(before) => write_back(&file.path, before),
            None => fs::remove_file(&file.path),
        };
    }
}

fn write_back(path: &Path, content: &str) -> std::io::Result<()> {
    let mut aside = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    aside.write_all(content.as_bytes())?;
    if let Ok(metadata) = fs::metadata(path) {
        aside.as_file().set_permissions(metadata.permissions())?;
    }
    aside.persist(path)?;
    Ok(())
}

fn remove_folders(folders: &[PathBuf]) {
    let mut folders = folders.to_vec();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    for folder in folders {
        // Only what is empty goes.
        let _ = fs::remove_dir(folder);
    }
}
