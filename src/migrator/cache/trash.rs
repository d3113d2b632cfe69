//! Deleting what may be read at the same time: everything is renamed into a folder that nothing reads, then deleted there. A process
//! that is killed between leaves nothing that looks like a build; the next cleaning deletes the rest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How the names of such folders begin.
const PREFIX: &str = ".trash-";

/// A folder of what is to be deleted.
#[derive(Debug)]
pub struct Trash {
    folder: PathBuf,
    count: usize,
}

impl Trash {
    /// Makes one in the cache.
    ///
    /// # Errors
    /// What the system reported.
    pub fn new(cache: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(cache)?.keep();
        Ok(Self { folder, count: 0 })
    }

    /// Moves a file or folder of the cache into it. What is not there any more is skipped.
    ///
    /// # Errors
    /// What the system reported.
    pub fn take(&mut self, path: &Path) -> io::Result<()> {
        self.count += 1;
        match fs::rename(path, self.folder.join(self.count.to_string())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            moved => moved,
        }
    }
}

/// Deletes all such folders of the cache, those of killed processes included; `until` is when to leave the rest to the next
/// cleaning.
pub fn empty(cache: &Path, until: Option<Instant>) {
    for folder in fs::read_dir(cache).into_iter().flatten().flatten() {
        let is_trash = folder.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_trash || !folder.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if until.is_some_and(|until| Instant::now() > until) {
                return;
            }
            // What cannot be deleted is tried again by the next cleaning.
            let _ = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => fs::remove_dir_all(entry.path()),
                false => fs::remove_file(entry.path()),
            };
        }
        let _ = fs::remove_dir(folder.path());
    }
}
