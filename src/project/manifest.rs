//! Cargo.toml: what kit reads of it, and what `kit init` adds to it with its formatting kept. It returns
//! values and new text. Writing files is not its business.

use kit_runtime::dialect::DEFAULT_DRIVER;
use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::read;
use super::sea_orm::{Major, SeaOrm};
use super::workspace::workspace_of;
use crate::error::{Error, Result, SeaOrmErrorKind};

/// The Cargo.toml of a package.
#[derive(Clone, Debug)]
pub struct Manifest {
    path: PathBuf,
    document: DocumentMut,
}

/// Tables of dependencies that a library is built with.
const DEPENDENCIES: &str = "dependencies";
const MIGRATION: &str = "sea-orm-migration";

/// The packages that are SeaORM: the library of both is called `sea_orm`.
pub const ORM: [&str; 2] = ["sea-orm", SYNC];

/// SeaORM without `async`.
pub const SYNC: &str = "sea-orm-sync";

/// Names that a package cannot have: words of the language and of its own crates.
const RESERVED: [&str; 6] = ["alloc", "core", "proc-macro", "std", "test", "migrations"];

impl Manifest {
    /// Reads the Cargo.toml at `path`.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Unreadable`], [`Error::NoPackage`] if it is only a workspace.
    pub fn read(path: &Path) -> Result<Self> {
        let document = parse(path)?;
        if document.get("package").is_none() {
            return Err(Error::NoPackage { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), document })
    }

    /// The whole text, edits included.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// The library's root, if it is where cargo looks for it without being told.
    pub fn library(&self) -> Option<PathBuf> {
        let named = self.document.get("lib").and_then(|lib| lib.get("path")).and_then(Item::as_str);
        let library = self.path.parent()?.join("src/lib.rs");
        (named.is_none_or(|named| named == "src/lib.rs") && library.is_file()).then_some(library)
    }

    /// The name under which others use the library.
    pub fn crate_name(&self) -> Option<String> {
        let name = |table: &str| self.document.get(table)?.get("name")?.as_str();
        Some(name("lib").or_else(|| name("package"))?.replace('-', "_"))
    }

    /// The SeaORM that the package names, in its own words or its workspace's; the newest one if none.
    ///
    /// # Errors
    /// [`Error::SeaOrm`] for one that kit has no adapter for.
    pub fn sea_orm(&self) -> Result<Major> {
        let version = [MIGRATION].into_iter().chain(ORM).find_map(|name| self.requirement(name));
        match version {
            Some(version) => SeaOrm::required(&version).map(|release| release.major).ok_or(Error::SeaOrm {
                version,
                kind: SeaOrmErrorKind::NoAdapter,
                upgrade: None,
            }),
            None => Ok(Major::Two),
        }
    }

    /// Adds sea-orm-migration, with the runtime and the drivers that the package already has. Whether it was missing.
    ///
    /// # Errors
    /// Those of [`Manifest::sea_orm`].
    pub fn add_migration(&mut self) -> Result<bool> {
        if self.dependency(MIGRATION).is_some() {
            return Ok(false);
        }
        let mut features: Vec<String> = self
            .orm()
            .and_then(|dependency| dependency.get("features"))
            .and_then(Item::as_array)
            .map(|features| features.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default();
        features.retain(|feature| feature.starts_with("runtime-") || feature.starts_with("sqlx-"));
        for (kind, default) in [("runtime-", "runtime-tokio-rustls"), ("sqlx-", DEFAULT_DRIVER)] {
            if !features.iter().any(|feature| feature.starts_with(kind)) {
                features.push(default.to_owned());
            }
        }
        features.sort();
        let mut dependency = InlineTable::new();
        dependency.insert("version", self.sea_orm()?.requirement().into());
        dependency.insert("default-features", false.into());
        dependency.insert("features", Value::Array(Array::from_iter(features)));
        self.add(MIGRATION, dependency);
        Ok(true)
    }

    /// The drivers that it turns on, as SeaORM's features.
    pub fn drivers(&self) -> Vec<String> {
        let of = |name: &str| self.dependency(name)?.get("features")?.as_array();
        let features = ORM.into_iter().chain([MIGRATION]).filter_map(of).flatten().filter_map(|one| one.as_str());
        let mut drivers: Vec<String> = features.filter(|name| name.starts_with("sqlx-")).map(str::to_owned).collect();
        drivers.sort();
        drivers.dedup();
        drivers
    }

    /// Adds a dependency on the package in the folder `path`, with these features. Whether it was missing.
    pub fn add_path(&mut self, name: &str, path: &str, features: &[String]) -> bool {
        if self.dependency(name).is_some() {
            return false;
        }
        let mut dependency = InlineTable::new();
        dependency.insert("path", path.into());
        if !features.is_empty() {
            dependency.insert("features", features.iter().map(String::as_str).collect::<toml_edit::Array>().into());
        }
        self.add(name, dependency);
        true
    }

    fn add(&mut self, name: &str, dependency: InlineTable) {
        let table = self.document.entry(DEPENDENCIES).or_insert_with(toml_edit::table);
        if let Some(table) = table.as_table_like_mut() {
            let sorted = table.iter().map(|(name, _)| name).is_sorted();
            table.insert(name, toml_edit::value(dependency));
            if sorted && let Some(table) = self.document.get_mut(DEPENDENCIES).and_then(Item::as_table_mut) {
                table.sort_values();
            }
        }
    }

    /// Whether the package names a dependency.
    pub fn depends_on(&self, name: &str) -> bool {
        self.dependency(name).is_some()
    }

    /// The dependency on SeaORM, under whatever name.
    fn orm(&self) -> Option<&Item> {
        ORM.into_iter().find_map(|name| self.dependency(name))
    }

    fn dependency(&self, package: &str) -> Option<&Item> {
        dependency_on(self.document.get(DEPENDENCIES)?.as_table_like()?, package).map(|(_, dependency)| dependency)
    }

    /// Returns the version of a dependency, as this manifest or that of the workspace contains it.
    fn requirement(&self, package: &str) -> Option<String> {
        let (key, own) = dependency_on(self.document.get(DEPENDENCIES)?.as_table_like()?, package)?;
        if own.get("workspace").and_then(Item::as_bool) != Some(true) {
            return version(own);
        }
        // Cargo has its own errors for a workspace that cannot be read.
        let (_, workspace) = workspace_of(self.path.parent()?, &self.document).ok()??;
        version(workspace.get("workspace")?.get(DEPENDENCIES)?.get(key)?)
    }
}

/// Returns the dependency on a package and its key, which is another name if the package is renamed.
pub fn dependency_on<'a>(dependencies: &'a dyn TableLike, package: &str) -> Option<(&'a str, &'a Item)> {
    dependencies.iter().find(|(key, dependency)| package_of(key, dependency) == package)
}

/// Returns all tables of dependencies in a manifest: for each kind of build, and for each target.
pub fn dependency_tables(manifest: &Table) -> Vec<&dyn TableLike> {
    const KINDS: [&str; 3] = [DEPENDENCIES, "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter);
    let targets = targets.filter_map(|(_, target)| target.as_table_like());
    let holders = std::iter::once(manifest as &dyn TableLike).chain(targets);
    holders.flat_map(|holder| KINDS.map(|kind| holder.get(kind)?.as_table_like())).flatten().collect()
}

/// Returns the package that a dependency is on, whatever its key is.
pub fn package_of<'a>(key: &'a str, dependency: &'a Item) -> &'a str {
    dependency.get("package").and_then(Item::as_str).unwrap_or(key)
}

/// The Cargo.toml above `root` whose workspace the package in `root` would be part of.
pub fn workspace_above(root: &Path) -> Option<PathBuf> {
    root.ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"))
        .filter(|path| path.is_file())
        .find(|path| parse(path).is_ok_and(|document| document.get("workspace").is_some()))
}

/// A name for the package in a folder of that name.
pub fn package_name(folder: &str) -> String {
    let mut name = String::new();
    for c in folder.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' | '_' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches(|c| c == '-' || c == '_');
    if name.is_empty() {
        return "app".to_owned();
    }
    let is_word = syn::parse_str::<syn::Ident>(&name.replace('-', "_")).is_ok();
    if !is_word || RESERVED.contains(&name) { format!("app-{name}") } else { name.to_owned() }
}

/// Reads a Cargo.toml as a document that can be edited.
///
/// # Errors
/// [`Error::File`], [`Error::Unreadable`].
pub fn parse(path: &Path) -> Result<DocumentMut> {
    read(path)?.parse().map_err(|error: toml_edit::TomlError| Error::Unreadable {
        path: path.to_owned(),
        message: error.message().to_owned(),
    })
}

/// The version that a dependency asks for, whichever way it is written.
pub fn version(dependency: &Item) -> Option<String> {
    let table: Option<&dyn TableLike> = dependency.as_table_like();
    let version = match table {
        Some(table) => table.get("version")?,
        None => dependency,
    };
    version.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        Manifest { path: PathBuf::from("/nowhere/Cargo.toml"), document: text.parse().unwrap() }
    }

    #[test]
    fn a_folder_names_its_package() {
        for (folder, name) in [
            ("blog", "blog"),
            ("My Blog!", "my-blog"),
            ("a--b", "a-b"),
            ("_x_", "x"),
            ("2fast", "app-2fast"),
            ("test", "app-test"),
            ("fn", "app-fn"),
            ("créer", "cr-er"),
            ("日本", "app"),
            ("", "app"),
        ] {
            assert_eq!(package_name(folder), name, "{folder}");
        }
    }

    #[test]
    fn what_is_added_keeps_the_rest_as_it_is() {
        let mut before = manifest(
            "# mine\n[package]\nname='x' # odd\n\n[dependencies]\n# the database\n\
             sea-orm = { version = \"1.1\", features = [ \"sqlx-postgres\",\"macros\" ] }\ntokio = \"1\"\n\n[profile.dev]\n",
        );
        assert!(before.add_migration().unwrap());
        assert!(!before.add_migration().unwrap());
        insta::assert_snapshot!(before.text(), @r#"
        # mine
        [package]
        name='x' # odd

        [dependencies]
        # the database
        sea-orm = { version = "1.1", features = [ "sqlx-postgres","macros" ] }
        sea-orm-migration = { version = "1.1", default-features = false, features = ["runtime-tokio-rustls", "sqlx-postgres"] }
        tokio = "1"

        [profile.dev]
        "#);
    }

    #[test]
    fn a_package_without_dependencies_gets_some() {
        let mut manifest = manifest("[package]\nname = \"x\"\n");
        assert!(manifest.add_path("kit-runtime", "vendor/kit-runtime", &[]));
        assert_eq!(
            manifest.text(),
            "[package]\nname = \"x\"\n\n[dependencies]\nkit-runtime = { path = \"vendor/kit-runtime\" }\n"
        );
    }
}
