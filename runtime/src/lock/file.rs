//! The lock on a file beside a database that is a file: `<database>.kit-lock`. It is never the database itself, since
//! closing any handle of that would drop the database's own locks. The file stays when the lock is given back: deleting
//! it would let two runs lock two files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::connection::Error;
use crate::wire::Holder;

/// What a run says of itself is shorter.
const LONGEST: u64 = 4096;

/// A lock file, locked or not.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    file: File,
}

impl LockFile {
    /// Opens the lock file of a database, or creates it for its owner alone.
    ///
    /// # Errors
    /// If it is a link or somebody else's, or cannot be created.
    pub fn open(database: &str) -> Result<Self, Error> {
        let path = path_of(database);
        let file = open(&path).map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
        Ok(Self { path, file })
    }

    /// One try; the file then says who has it.
    ///
    /// # Errors
    /// What the system said.
    pub fn enter(&mut self, own: &Holder) -> Result<bool, Error> {
        let failed = |error: io::Error| Error::new(format!("{}: {error}", self.path.display()));
        if !self.is_in_place() {
            self.file = open(&self.path).map_err(failed)?;
        }
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Deleted between opening and locking: whoever comes next locks another file.
        if !self.is_in_place() {
            return Ok(false);
        }
        // The lock stands without it; only a waiting run knows less.
        let _ = self.write(own);
        Ok(true)
    }

    /// Whether the path still leads to this file.
    pub fn is_in_place(&self) -> bool {
        match (self.file.metadata(), self.path.symlink_metadata()) {
            (Ok(own), Ok(there)) => is_same(&own, &there),
            _ => false,
        }
    }

    /// Who wrote that it has the lock.
    pub fn holder(&mut self) -> Option<Holder> {
        let mut text = String::new();
        self.file.rewind().ok()?;
        (&self.file).take(LONGEST).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Gives it back, and says whether it was had to the end.
    pub fn release(self) -> bool {
        let in_place = self.is_in_place();
        // What stays there is not believed: it is read only while the file is locked.
        let _ = self.file.set_len(0);
        self.file.unlock().is_ok() && in_place
    }

    fn write(&mut self, own: &Holder) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(serde_json::to_string(own)?.as_bytes())
    }
}

/// What stands in the lock file of a database; nothing when nobody has the lock, but for who was killed while they had it.
pub fn written(database: &str) -> Option<Holder> {
    let path = path_of(database);
    // A link leads somewhere else, a pipe nowhere.
    if !path.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() <= LONGEST) {
        return None;
    }
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

fn path_of(database: &str) -> PathBuf {
    PathBuf::from(format!("{database}.kit-lock"))
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(no_follow.cast_signed());
    let file = options.open(path).map_err(|error| {
        let link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        if link { io::Error::other("it is a link, and a lock is not taken through one") } else { error }
    })?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it is somebody else's, or no file"));
    }
    Ok(file)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(unix)]
fn is_same(own: &std::fs::Metadata, there: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

/// A file that is open cannot be deleted there.
#[cfg(not(unix))]
fn is_same(_own: &std::fs::Metadata, there: &std::fs::Metadata) -> bool {
    there.is_file()
}
