//! What kit writes beside a build when cargo has ended: whose build it is, and which artifacts of the shared target folder it needs.
//! It does not know when a build is deleted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The name of its file, in the folder of the generated crate.
pub const RECORD: &str = "build.json";

/// A build, as it was when cargo ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// The root of its project.
    pub project: PathBuf,
    /// `migrations` or `seeders`.
    pub program: String,
    /// The release of SeaORM that it is for.
    pub sea_orm: String,
    /// The version of kit that built it.
    pub kit: String,
    /// The name of its target folder.
    pub target: String,
    /// The name of the folder of kit's sources that it was built from.
    pub runtime: String,
    /// The hashes in the names of the artifacts that it was built from.
    pub units: BTreeSet<String>,
}

impl BuildRecord {
    /// The record of the build in `folder`, if there is one.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(folder.join(RECORD)).ok()?).ok()
    }
}

/// The hash that cargo puts at the end of a name: `libserde-0123456789abcdef` has one.
pub fn hash_in(name: &str) -> Option<&str> {
    let (_, hash) = name.split('.').next()?.rsplit_once('-')?;
    is_hash(hash, 16).then_some(hash)
}

/// Whether a text is this many lower-case hexadecimal digits.
pub fn is_hash(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The hash in the name of an artifact that cargo reported, or in that of its folder, as build scripts have it.
pub fn hash_of_artifact(path: &Path) -> Option<String> {
    let names = [path.file_name(), path.parent().and_then(Path::file_name)];
    names.into_iter().flatten().find_map(|name| hash_in(name.to_str()?).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_artifact_is_in_its_name_or_in_that_of_its_folder() {
        for (path, hash) in [
            ("debug/deps/libserde-0123456789abcdef.rlib", Some("0123456789abcdef")),
            ("debug/deps/libserde_derive-0123456789abcdef.so", Some("0123456789abcdef")),
            ("debug/build/serde-fedcba9876543210/build-script-build", Some("fedcba9876543210")),
            ("debug/build/serde-fedcba9876543210/out", Some("fedcba9876543210")),
            ("debug/deps/app-0123456789abcdef.app.1234.rcgu.o", Some("0123456789abcdef")),
            ("debug/kit-migrator-0123456789ab", None),
            ("debug/libmigration.rlib", None),
            ("debug/deps/libserde-0123456789ABCDEF.rlib", None),
        ] {
            assert_eq!(hash_of_artifact(Path::new(path)).as_deref(), hash, "{path}");
        }
    }
}
