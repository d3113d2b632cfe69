//! Where builds are kept: that there is such a folder, that it is its user's alone, and how much fits in.

use std::path::Path;
use std::time::Duration;

use super::{Finding, Place};
use crate::error::Advice;
use crate::migrator::Cache;
use crate::migrator::cache::{DEFAULT_LIMIT, disk_usage, limit};
use crate::ui::size;

/// SeaORM and a migrator, built for the first time, take about so much.
const ROOM: u64 = 2 * GIB;

const GIB: u64 = 1 << 30;

/// How long counting what is in it may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// Looks at the folder and its disk.
pub fn look(place: &Place<'_>) -> Vec<Finding> {
    let cache = match Cache::locate(|name| place.env(name)) {
        Ok(cache) => Cache { folder: place.folder.join(cache.folder) },
        Err(error) => return vec![Finding::failed("build_cache", &error, Advice::NameCache)],
    };
    let limit = match limit(place.env("KIT_CACHE_LIMIT").as_deref()) {
        Ok(limit) => limit.unwrap_or(DEFAULT_LIMIT),
        Err(error) => return vec![Finding::failed("build_cache", &error, Advice::CacheLimit)],
    };
    let mut findings = vec![folder(&cache, limit)];
    if let Some(nearest) = cache.nearest() {
        findings.extend(free(nearest).map(disk));
    }
    findings
}

fn folder(cache: &Cache, limit: u64) -> Finding {
    const NAME: &str = "build_cache";
    let shown = cache.folder.display().to_string();
    let there = cache.folder.is_dir();
    match cache.open_to_others() {
        Err(error) => return Finding::fail(NAME, format!("{shown}: {error}"), Advice::NameCache),
        Ok(Some(path)) => {
            let found = format!("{} belongs to, or can be written by, somebody else", path.display());
            return Finding::fail(NAME, found, Advice::CloseCache { path });
        }
        Ok(None) => {}
    }
    let Some(nearest) = cache.nearest().filter(|path| can_write(path)) else {
        return Finding::fail(
            NAME,
            format!("{shown} cannot be written"),
            Advice::OwnCache { path: cache.folder.clone() },
        );
    };
    if !there {
        let found = format!("{shown}, made by the first build");
        return match nearest.is_dir() {
            true => Finding::ok(NAME, found),
            false => Finding::fail(NAME, format!("{} is no folder", nearest.display()), Advice::NameCache),
        };
    }
    if is_readable_by_others(&cache.folder) {
        let found = format!("others can read {shown}");
        return Finding::warn(NAME, found, Advice::HideCache { path: cache.folder.clone() });
    }
    let bytes = disk_usage(&cache.folder, PATIENCE);
    let found = format!("{shown}, {}", size(bytes));
    match bytes > limit {
        true => Finding::warn(NAME, found, Advice::CleanCache),
        false => Finding::ok(NAME, found),
    }
}

fn disk(free: u64) -> Finding {
    let found = format!("{} free for builds", size(free));
    match free < ROOM {
        true => Finding::warn("disk", found, Advice::FreeDisk),
        false => Finding::ok("disk", found),
    }
}

#[cfg(unix)]
pub fn can_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
pub fn can_write(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.permissions().readonly())
}

#[cfg(unix)]
fn is_readable_by_others(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    folder.metadata().is_ok_and(|found| found.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_folder: &Path) -> bool {
    false
}

/// Bytes that the user may still write to the disk of a folder.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    // What is no disk has no size.
    (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_disk_that_is_almost_full_is_warned_of() {
        for (free, found, state) in [
            (0, "0 B free for builds", State::Warn),
            (ROOM - 1, "1.9 GiB free for builds", State::Warn),
            (ROOM, "2.0 GiB free for builds", State::Ok),
        ] {
            let finding = disk(free);
            assert_eq!((finding.found.as_str(), finding.state), (found, state));
            assert_eq!(finding.advice.is_some(), state == State::Warn);
        }
    }
}
