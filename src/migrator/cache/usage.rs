//! What files and folders take on the disk. Symbolic links are not followed.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// A count of disk space. A file with several names, as cargo gives them to programs, is counted once.
#[derive(Debug, Default)]
pub struct Disk {
    counted: HashSet<(u64, u64)>,
}

/// What something takes on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes.
    pub bytes: u64,
    /// When anything in it changed last.
    pub modified: SystemTime,
}

impl Disk {
    /// Counts a file, or all that is in a folder. `None` if it is not there.
    pub fn usage_of(&mut self, path: &Path) -> Option<Usage> {
        self.usage_within(path, None)
    }

    /// The same of as much as can be counted in time.
    fn usage_within(&mut self, path: &Path, until: Option<Instant>) -> Option<Usage> {
        let found = fs::symlink_metadata(path).ok()?;
        let mut usage = Usage { bytes: self.bytes_of(&found), modified: found.modified().ok()? };
        if found.is_dir() && until.is_none_or(|until| Instant::now() < until) {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            for below in entries.filter_map(|entry| self.usage_within(&entry.path(), until)) {
                usage.bytes += below.bytes;
                usage.modified = usage.modified.max(below.modified);
            }
        }
        Some(usage)
    }

    #[cfg(unix)]
    fn bytes_of(&mut self, found: &Metadata) -> u64 {
        use std::os::unix::fs::MetadataExt;
        let is_again = found.nlink() > 1 && !found.is_dir() && !self.counted.insert((found.dev(), found.ino()));
        if is_again { 0 } else { found.blocks() * 512 }
    }

    #[cfg(not(unix))]
    fn bytes_of(&mut self, found: &Metadata) -> u64 {
        if found.is_dir() { 0 } else { found.len() }
    }
}

/// What a folder takes on the disk; of as much as was counted in time, if there is much in it.
pub fn disk_usage(folder: &Path, patience: Duration) -> u64 {
    Disk::default().usage_within(folder, Some(Instant::now() + patience)).map_or(0, |usage| usage.bytes)
}
