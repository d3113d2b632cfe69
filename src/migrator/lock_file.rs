//! Reads a Cargo.lock: the packages in it, and which of them one package needs.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, Item, Value};

/// The packages of a lock file.
#[derive(Debug, Default)]
pub struct LockFile {
    packages: Vec<Locked>,
}

#[derive(Debug)]
struct Locked {
    name: String,
    version: String,
    /// It comes from a registry or a repository, not from a folder.
    elsewhere: bool,
    /// `name`, or `name version` where there are several of that name.
    dependencies: Vec<String>,
}

impl LockFile {
    /// Reads its text; a text that is no lock file has no packages.
    pub fn parse(text: &str) -> Self {
        let document: DocumentMut = text.parse().unwrap_or_default();
        let packages = document.get("package").and_then(Item::as_array_of_tables).into_iter().flatten();
        let read = packages.filter_map(|package| {
            let dependencies = package.get("dependencies").and_then(Item::as_array).into_iter().flatten();
            Some(Locked {
                name: package.get("name")?.as_str()?.to_owned(),
                version: package.get("version")?.as_str()?.to_owned(),
                elsewhere: package.get("source").is_some(),
                dependencies: dependencies.filter_map(Value::as_str).map(str::to_owned).collect(),
            })
        });
        Self { packages: read.collect() }
    }

    /// Returns all versions of a package.
    pub fn versions(&self, name: &str) -> Vec<String> {
        self.packages.iter().filter(|package| package.name == name).map(|package| package.version.clone()).collect()
    }

    /// Returns the version of `name` that the project's own package `package` depends on.
    pub fn version_for(&self, package: &str, name: &str) -> Option<String> {
        let own = self.packages.iter().find(|one| one.name == package && !one.elsewhere)?;
        let named = own.dependencies.iter().find(|one| one.split(' ').next() == Some(name))?;
        match named.split(' ').nth(1) {
            Some(version) => Some(version.to_owned()),
            None => self.versions(name).into_iter().next(),
        }
    }

    /// Returns the names of `package` and of all packages that it needs; `None` if the lock file does not contain it.
    pub fn closure(&self, package: &str) -> Option<BTreeSet<&str>> {
        let mut found = BTreeSet::new();
        let mut next: Vec<&Locked> = self.packages.iter().filter(|one| one.name == package && !one.elsewhere).collect();
        if next.is_empty() {
            return None;
        }
        while let Some(one) = next.pop() {
            if found.insert((one.name.as_str(), one.version.as_str())) {
                next.extend(one.dependencies.iter().flat_map(|named| {
                    let mut words = named.split(' ');
                    let (name, version) = (words.next(), words.next());
                    self.packages.iter().filter(move |other| {
                        Some(other.name.as_str()) == name && version.is_none_or(|version| other.version == version)
                    })
                }));
            }
        }
        Some(found.into_iter().map(|(name, _)| name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["migration", "unused"]

[[package]]
name = "migration"
version = "0.1.0"
dependencies = ["sea-orm-migration 1.1.19"]

[[package]]
name = "sea-orm-migration"
version = "1.1.19"
source = "registry+https://example.org"
dependencies = ["sea-orm"]

[[package]]
name = "sea-orm-migration"
version = "2.0.4"
source = "registry+https://example.org"

[[package]]
name = "sea-orm"
version = "1.1.19"
source = "registry+https://example.org"

[[package]]
name = "unused"
version = "1.0.0"
source = "registry+https://example.org"
"#;

    #[test]
    fn a_package_has_the_version_that_is_locked_for_it() {
        let lock = LockFile::parse(LOCK);
        assert_eq!(lock.version_for("migration", "sea-orm-migration").as_deref(), Some("1.1.19"));
        assert_eq!(lock.version_for("app", "unused").as_deref(), Some("1.0.0"));
        assert_eq!(lock.version_for("app", "sea-orm-migration"), None);
        assert_eq!(lock.version_for("unused", "sea-orm"), None);
        assert_eq!(lock.versions("sea-orm-migration"), ["1.1.19", "2.0.4"]);
    }

    #[test]
    fn a_closure_has_what_is_needed_and_nothing_else() {
        let lock = LockFile::parse(LOCK);
        let names = |package| lock.closure(package).map(|names| names.into_iter().collect::<Vec<_>>());
        assert_eq!(names("migration"), Some(vec!["migration", "sea-orm", "sea-orm-migration"]));
        assert_eq!(names("nothing"), None);
        assert_eq!(LockFile::parse("nonsense").closure("app"), None);
    }
}
