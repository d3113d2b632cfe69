//! Locks that keep a build from being deleted while it is used, and when it was used last. It deletes nothing.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::record::RECORD;

/// The file in a build's folder that is locked while the build is used; its time is that of the last use.
const USED: &str = "used";

/// The file in the cache that is locked while cargo runs for any project.
const BUILDING: &str = ".building";

/// The file in the cache that is locked while builds are deleted; its time is that of the last automatic cleaning.
const CLEANING: &str = ".cleaning";

/// How exactly the last use is known.
pub const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A build that this process compiles or runs. It is not deleted while this value lives.
#[derive(Debug)]
pub struct InUse {
    // None on a file system without locks.
    _lock: Option<File>,
}

impl InUse {
    /// Takes the build in `folder` into use. `None` if there is none.
    pub fn take(folder: &Path, now: SystemTime) -> Option<Self> {
        let path = folder.join(USED);
        loop {
            let file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
            let is_locked = file.lock_shared().is_ok();
            // It may have been deleted, and made again, before it was locked.
            if !is_locked || is_at(&file, &path) {
                mark(&file, now);
                return Some(Self { _lock: is_locked.then_some(file) });
            }
        }
    }

    /// Makes the folder of a build, if need be, and takes the build into use.
    ///
    /// # Errors
    /// What the system reported.
    pub fn create(folder: &Path, now: SystemTime) -> io::Result<Self> {
        loop {
            fs::create_dir_all(folder)?;
            open_or_create(&folder.join(USED))?;
            if let Some(in_use) = Self::take(folder, now) {
                return Ok(in_use);
            }
        }
    }
}

/// Records that the build in `folder` is still wanted, without locking it.
pub fn mark_used(folder: &Path, now: SystemTime) {
    if let Ok(file) = OpenOptions::new().write(true).open(folder.join(USED)) {
        mark(&file, now);
    }
}

/// When the build in `folder` was built or used last, as exactly as a day.
pub fn last_used(folder: &Path) -> Option<SystemTime> {
    let times = [USED, RECORD].map(|name| fs::symlink_metadata(folder.join(name)).and_then(|found| found.modified()));
    times.into_iter().flatten().max()
}

/// Locks the build in `folder` against use. `None` if it is used.
pub fn claim(folder: &Path) -> Option<File> {
    let file = open_or_create(&folder.join(USED)).ok()?;
    file.try_lock().is_ok().then_some(file)
}

/// Whether a process uses the build in `folder`.
pub fn is_used(folder: &Path) -> bool {
    File::open(folder.join(USED)).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

/// A build that is running somewhere in the cache. What builds share is not deleted while this value lives.
#[derive(Debug)]
pub struct Building {
    _lock: Option<File>,
}

impl Building {
    /// Waits for a cleaning that has begun, which does not take long.
    pub fn begin(cache: &Path) -> Self {
        let file = lock_file(cache, BUILDING);
        Self { _lock: file.filter(|file| file.lock_shared().is_ok()) }
    }
}

/// Keeps builds from beginning. `None` if one is running.
pub fn no_building(cache: &Path) -> Option<File> {
    lock_file(cache, BUILDING).filter(|file| file.try_lock().is_ok())
}

/// Waits until no other process deletes builds, and keeps others from doing so.
pub fn clean_alone(cache: &Path) -> Option<File> {
    lock_file(cache, CLEANING).filter(|file| file.lock().is_ok())
}

/// The same for an automatic cleaning: `None` if another process is cleaning, or the last one is less than a day ago.
pub fn clean_daily(cache: &Path, now: SystemTime) -> Option<File> {
    let path = cache.join(CLEANING);
    let is_new = !path.exists();
    let file = lock_file(cache, CLEANING).filter(|file| file.try_lock().is_ok())?;
    let last = file.metadata().and_then(|found| found.modified()).ok()?;
    let is_due = is_new || now.duration_since(last).is_ok_and(|age| age >= A_DAY);
    // Without a mark of its own, each run would clean.
    (is_due && file.set_modified(now).is_ok()).then_some(file)
}

fn lock_file(cache: &Path, name: &str) -> Option<File> {
    open_or_create(&cache.join(name)).ok()
}

/// Opens a file of the user's alone.
fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).append(true).open(path)
}

fn mark(file: &File, now: SystemTime) {
    let last = file.metadata().and_then(|found| found.modified());
    if last.is_ok_and(|last| now.duration_since(last).is_ok_and(|age| age >= A_DAY)) {
        // Only a hint for the next cleaning.
        let _ = file.set_modified(now);
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(one), Ok(two)) = (file.metadata(), fs::metadata(path)) else { return false };
    (one.dev(), one.ino()) == (two.dev(), two.ino())
}

/// A folder with an open file is not renamed on this system.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}
