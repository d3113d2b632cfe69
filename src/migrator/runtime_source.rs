//! The sources of `kit-runtime`, which kit carries inside itself so that the two halves always fit.
//! It returns them as files for a project's own SeaORM, in a package that stands alone. Where they are
//! written is not its business.

use include_dir::{Dir, DirEntry, include_dir};

use crate::project::sea_orm::Major;

static SOURCES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/runtime/src");
const MANIFEST: &str = include_str!("../../runtime/Cargo.toml");

/// What the package is called beside a migrator. A project that has the library itself would otherwise give cargo two
/// packages of one name and version.
pub const OWN_NAME: &str = "kit-runtime-of-migrator";

/// [`files`] for a migrator.
pub fn own_files(sea_orm: Major) -> Vec<(String, String)> {
    let mut files = files(sea_orm);
    if let Some((_, manifest)) = files.first_mut() {
        *manifest = manifest.replacen("name = \"kit-runtime\"", &format!("name = \"{OWN_NAME}\""), 1);
    }
    files
}

/// Relative path and content of every file of the package, its manifest first; paths have `/`.
pub fn files(sea_orm: Major) -> Vec<(String, String)> {
    let mut files = vec![("Cargo.toml".to_owned(), manifest(sea_orm))];
    collect(&SOURCES, &mut files);
    files
}

fn collect(folder: &Dir<'static>, files: &mut Vec<(String, String)>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect(folder, files),
            DirEntry::File(file) => {
                let path = file.path().to_string_lossy().replace('\\', "/");
                // The tests see to it that all of them are text.
                let content = file.contents_utf8().unwrap_or_default().to_owned();
                files.push((format!("src/{path}"), content));
            }
        }
    }
}

/// The manifest outside of kit's workspace, for one version of SeaORM.
fn manifest(sea_orm: Major) -> String {
    // Kit's own lints expect clippy.toml, which stays here, and its warnings are nothing for a user to see.
    let alone = MANIFEST.replace("[lints]\nworkspace = true\n", "[lints.rust]\nwarnings = \"allow\"\n");
    match sea_orm {
        Major::Two => alone,
        Major::One => alone
            .replace("default = [\"sea-orm-2\"]", "default = [\"sea-orm-1\"]")
            .replace("sea-orm-migration = { version = \"2.0\"", "sea-orm-migration = { version = \"1\"")
            // With the other way a connection of this version is no longer `Clone`.
            .replace("sea-orm = { version = \"2.0\"", "sea-orm = { version = \"1\"")
            .replace("sea-orm/mock", "sea-orm/proxy")
            // That version has no such feature: it does not report the outcome of a statement.
            .replace(", \"sea-orm/tracing-spans\"", ""),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn on_disk(folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                on_disk(&path, found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn every_file_of_the_runtime_is_carried_unchanged() {
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime");
        let mut expected = BTreeSet::new();
        on_disk(&runtime.join("src"), &mut expected);
        let carried = files(Major::Two);
        for (path, content) in &carried[1..] {
            let path = runtime.join(path);
            assert_eq!(content, &fs::read_to_string(&path).unwrap(), "{}", path.display());
            assert!(expected.remove(&path), "{} twice", path.display());
        }
        assert!(expected.is_empty(), "not carried: {expected:?}");
    }

    #[test]
    fn the_manifest_fits_the_projects_sea_orm_and_needs_no_workspace() {
        for (major, version, feature) in [(Major::One, "1", "sea-orm-1"), (Major::Two, "2.0", "sea-orm-2")] {
            let (path, text) = files(major).remove(0);
            assert_eq!(path, "Cargo.toml");
            let manifest: toml::Table = text.parse().unwrap();
            assert_eq!(manifest["dependencies"]["sea-orm-migration"]["version"].as_str(), Some(version));
            assert_eq!(manifest["features"]["default"].as_array().unwrap()[0].as_str(), Some(feature));
            assert!(!text.contains("workspace"), "{text}");
            assert_eq!(manifest["package"]["name"].as_str(), Some("kit-runtime"));
            let own: toml::Table = own_files(major).remove(0).1.parse().unwrap();
            assert_eq!(own["package"]["name"].as_str(), Some(OWN_NAME));
        }
    }
}
