//! How a plan gets into the project: all of it or nothing, even if kit is killed. New contents are written into
//! `.kit-plan/` in the project's root first, then a journal of what goes where; from then on the plan counts as done,
//! and what is left of it is done by whoever opens the project next ([`finish`]). Before, the next one throws it away.
//!
//! Only one kit does so at a time: the root itself is locked.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};

use super::plan::{Change, PlannedFile, is_inside};
use crate::error::{Error, Result};

/// Where a plan waits, in the root of the project.
const FOLDER: &str = ".kit-plan";
const JOURNAL: &str = "journal.json";

#[derive(Serialize, Deserialize)]
struct Journal {
    files: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// Below the root.
    path: PathBuf,
    change: Change,
    /// The new content, in the folder.
    staged: String,
    /// Checksum of what was there.
    before: Option<String>,
}

/// What [`finish`] did.
#[derive(Debug, Default)]
pub struct Finished {
    /// How many files it wrote or removed.
    pub files: usize,
    /// Those that somebody else has changed since, which it left alone.
    pub kept: Vec<PathBuf>,
}

/// Whether a kit that was killed has left something to finish below `root`.
pub fn is_unfinished(root: &Path) -> bool {
    root.join(FOLDER).join(JOURNAL).is_file()
}

/// Finishes what a kit that was killed had begun to write below `root`. Costs one look where there is nothing to do.
///
/// # Errors
/// [`Error::File`]; what is left stays for the next time.
pub fn finish(root: &Path) -> Result<Finished> {
    if !root.join(FOLDER).is_dir() {
        return Ok(Finished::default());
    }
    let _lock = lock(root);
    take_up(root)
}

/// Writes `files`, or, on the first failure, puts back what was there.
pub(super) fn apply(root: &Path, files: &[&PlannedFile]) -> Result<()> {
    let mut folders = Vec::new();
    make_folder(root, &mut folders)?;
    let _lock = lock(root);
    take_up(root)?;
    let outcome = stage(root, files).and_then(|journal| carry_out(root, files, &journal, &mut folders));
    let folder = root.join(FOLDER);
    // The journal goes first: without it, what is left is rubbish.
    let _ = fs::remove_file(folder.join(JOURNAL));
    let _ = fs::remove_dir_all(&folder);
    if outcome.is_err() {
        remove_folders(&folders);
    }
    outcome
}

/// Nothing where the system has no such lock; then two at once are as they were without one.
fn lock(root: &Path) -> Option<File> {
    let folder = File::open(root).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

fn take_up(root: &Path) -> Result<Finished> {
    let folder = root.join(FOLDER);
    let mut finished = Finished::default();
    let journal: Option<Journal> =
        fs::read(folder.join(JOURNAL)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    for entry in journal.iter().flat_map(|journal| &journal.files) {
        if !is_plain(root, entry) {
            continue;
        }
        let (path, staged) = (root.join(&entry.path), folder.join(&entry.staged));
        let present = fs::read(&path).ok().map(|bytes| checksum(&bytes));
        let is_done = match entry.change {
            Change::Remove => present.is_none(),
            _ => !staged.exists() || present.is_some() && present == fs::read(&staged).ok().map(|new| checksum(&new)),
        };
        if is_done {
            continue;
        }
        if present != entry.before {
            finished.kept.push(entry.path.clone());
            continue;
        }
        carry(entry, &staged, &path, &mut Vec::new())?;
        finished.files += 1;
    }
    let _ = fs::remove_file(folder.join(JOURNAL));
    match fs::remove_dir_all(&folder) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(Error::File { action: "remove", path: folder, source })
        }
        _ => Ok(finished),
    }
}

/// A journal that came with somebody's files must not reach outside, nor into what git or cargo would run.
fn is_plain(root: &Path, entry: &Entry) -> bool {
    let hidden = |path: &Path| {
        path.components().any(|part| match part {
            Component::Normal(name) => name.to_string_lossy().starts_with('.'),
            _ => true,
        })
    };
    let named = entry.path.file_name().is_some() && !entry.path.parent().is_some_and(hidden);
    let number = !entry.staged.is_empty() && entry.staged.chars().all(|c| c.is_ascii_digit());
    named && number && is_inside(root, &root.join(&entry.path))
}

/// Writes contents and journal. After that, the plan is as good as done.
fn stage(root: &Path, files: &[&PlannedFile]) -> Result<Journal> {
    let folder = root.join(FOLDER);
    fs::create_dir(&folder).map_err(|source| Error::File { action: "create", path: folder.clone(), source })?;
    let mut journal = Journal { files: Vec::new() };
    for (index, file) in files.iter().enumerate() {
        let failed = |source| Error::File { action: "write", path: file.path.clone(), source };
        if file.change == Change::Create && (file.path.exists() || file.path.is_symlink()) {
            return Err(Error::FileExists { path: file.path.clone() });
        }
        let staged = index.to_string();
        if file.change != Change::Remove {
            write(&folder.join(&staged), file.content.as_bytes()).map_err(failed)?;
            set_mode(file, &folder.join(&staged)).map_err(failed)?;
        }
        let path = file.path.strip_prefix(root).unwrap_or(&file.path).to_owned();
        let before = file.before.as_ref().map(|before| checksum(before.as_bytes()));
        journal.files.push(Entry { path, change: file.change, staged, before });
    }
    let path = folder.join(JOURNAL);
    let aside = folder.join("journal");
    let failed = |source| Error::File { action: "write", path: path.clone(), source };
    let text = serde_json::to_vec(&journal).map_err(|error| failed(error.into()))?;
    write(&aside, &text).and_then(|()| fs::rename(&aside, &path)).map_err(failed)?;
    Ok(journal)
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    // Not synced: a kit that is killed loses nothing, and a thousand files would take seconds.
    file.write_all(content)
}

fn carry_out(root: &Path, files: &[&PlannedFile], journal: &Journal, folders: &mut Vec<PathBuf>) -> Result<()> {
    let folder = root.join(FOLDER);
    for (index, (file, entry)) in files.iter().zip(&journal.files).enumerate() {
        if let Err(error) = carry(entry, &folder.join(&entry.staged), &file.path, folders) {
            for file in files.iter().take(index).rev() {
                // Best effort: the failure that led here is the one to report.
                let _ = match &file.before {
                    Some(before) => write_back(&file.path, before),
                    None => fs::remove_file(&file.path),
                };
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Puts one file in its place, or takes it away.
fn carry(entry: &Entry, staged: &Path, path: &Path, folders: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |action, source| Error::File { action, path: path.to_owned(), source };
    if entry.change == Change::Remove {
        return fs::remove_file(path).map_err(|source| failed("remove", source));
    }
    make_folder(path.parent().unwrap_or(Path::new(".")), folders)?;
    let outcome = match entry.change {
        Change::Create => TempPath::try_from_path(staged).and_then(|staged| {
            staged.persist_noclobber(path).map_err(|error| {
                let _ = error.path.keep();
                error.error
            })
        }),
        _ => fs::rename(staged, path),
    };
    match outcome {
        // A folder of the project on another device: the content is written beside its place.
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let content = fs::read_to_string(staged).map_err(|source| failed("read", source))?;
            write_back(path, &content).map_err(|source| failed("write", source))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::FileExists { path: path.to_owned() }),
        other => other.map_err(|source| failed("write", source)),
    }
}

fn make_folder(folder: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let missing: Vec<PathBuf> =
        folder.ancestors().take_while(|ancestor| !ancestor.exists()).map(Path::to_owned).collect();
    let failed = |source| Error::File { action: "create", path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    made.extend(missing);
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

fn write_back(path: &Path, content: &str) -> std::io::Result<()> {
    let mut aside = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    aside.write_all(content.as_bytes())?;
    if let Ok(metadata) = fs::metadata(path) {
        aside.as_file().set_permissions(metadata.permissions())?;
    }
    aside.persist(path)?;
    Ok(())
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file is as readable as the one it replaces.
#[cfg(unix)]
fn set_mode(file: &PlannedFile, staged: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match fs::metadata(&file.path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(_) => 0o644,
    };
    fs::set_permissions(staged, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &PlannedFile, _staged: &Path) -> std::io::Result<()> {
    Ok(())
}
