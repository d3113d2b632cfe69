//! The build cache that all tests with a real migrator share: it says where, and prepares it. It does not know
//! what is built there.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the migrators of all tests are built, with the versions that kit itself was built with to begin with: SeaORM is
/// compiled once for all of them.
pub fn kit_cache() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kit-cache");
    let lock = kept_lock(&folder, "2");
    if !lock.exists() {
        write_whole(&lock, include_str!("../../Cargo.lock"));
    }
    folder
}

/// The lock file that a project without one gets for a requirement on SeaORM.
pub fn kept_lock(cache: &Path, requirement: &str) -> PathBuf {
    let release = kit::project::sea_orm::SeaOrm::required(requirement).unwrap();
    cache.join(format!("sea-orm-{}.lock", release.version))
}

/// Writes a file that other tests may be reading.
pub fn write_whole(path: &Path, text: &str) {
    let folder = path.parent().unwrap();
    make_private(folder);
    let mut aside = tempfile::NamedTempFile::new_in(folder).unwrap();
    aside.write_all(text.as_bytes()).unwrap();
    aside.persist(path).unwrap();
}

/// As kit wants its cache to be.
fn make_private(folder: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).unwrap();
}
