//! The cargo package that holds the migrations: what its manifest, its workspace and its lock file say
//! that the generated crate has to repeat. It reads and never writes.

mod features;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::lock_file::LockFile;
use crate::error::{Error, Result, SeaOrmErrorKind, Upgrade};
use crate::project::manifest::{ORM, dependency_on, dependency_tables, package_of, parse, version};
use crate::project::read;
use crate::project::sea_orm::{Major, SeaOrm};
use crate::project::workspace::workspace_of;

/// A package, and the workspace it is in.
pub struct Package {
    /// Folder of its Cargo.toml.
    pub root: PathBuf,
    manifest: DocumentMut,
    workspace_root: PathBuf,
    workspace: Option<DocumentMut>,
    lock_file: OnceCell<LockFile>,
}

impl Package {
    /// The package that `file` belongs to.
    ///
    /// # Errors
    /// [`Error::NoManifest`] if there is none, [`Error::Unreadable`] for a broken manifest.
    pub fn of(file: &Path) -> Result<Self> {
        let nearest = file.ancestors().skip(1).find_map(|folder| {
            let manifest = folder.join("Cargo.toml");
            manifest.is_file().then_some((folder, manifest))
        });
        let Some((root, path)) = nearest else {
            return Err(Error::NoManifest { folder: file.parent().unwrap_or(file).to_owned() });
        };
        let manifest = parse(&path)?;
        let mut package = Self {
            root: root.to_owned(),
            manifest,
            workspace_root: root.to_owned(),
            workspace: None,
            lock_file: OnceCell::new(),
        };
        if let Some((folder, workspace)) = workspace_of(root, &package.manifest)? {
            package.workspace_root = folder;
            package.workspace = Some(workspace);
        }
        Ok(package)
    }

    /// Its name.
    ///
    /// # Errors
    /// [`Error::Unreachable`] for a workspace without a package.
    pub fn name(&self) -> Result<String> {
        let name = self.manifest.get("package").and_then(|package| package.get("name")).and_then(Item::as_str);
        name.map(str::to_owned).ok_or_else(|| Error::Unreachable {
            path: self.root.clone(),
            reason: "its Cargo.toml has no [package]".to_owned(),
        })
    }

    /// The name under which others use its library.
    pub fn library_name(&self) -> Option<String> {
        let name = |table: &str| self.manifest.get(table)?.get("name")?.as_str();
        Some(name("lib").or_else(|| name("package"))?.replace('-', "_"))
    }

    /// Its edition; inherited ones followed.
    pub fn edition(&self) -> String {
        let own = self.manifest.get("package").and_then(|package| package.get("edition"));
        let inherited = self.workspace_item("package").and_then(|package| package.get("edition"));
        let edition = own.and_then(Item::as_str).or_else(|| inherited.and_then(Item::as_str));
        edition.unwrap_or("2021").to_owned()
    }

    /// The oldest Rust that it says it compiles with; inherited ones followed.
    pub fn rust_version(&self) -> Option<&str> {
        let own = self.manifest.get("package")?.get("rust-version")?;
        let inherited = self.workspace_item("package").and_then(|package| package.get("rust-version"));
        own.as_str().or_else(|| inherited.and_then(Item::as_str))
    }

    /// Whether a dependency has this name in Rust, for whatever target or kind of build.
    pub fn has_crate(&self, name: &str) -> bool {
        let names = dependency_tables(self.manifest.as_table()).into_iter().flat_map(TableLike::iter);
        names.into_iter().any(|(key, _)| key.replace('-', "_") == name)
    }

    /// The drivers that its SeaORM is built with, as features, in no particular order; inherited ones followed.
    pub fn drivers(&self) -> Vec<String> {
        let dependencies = self.manifest.get("dependencies").and_then(Item::as_table_like);
        let named = ORM.into_iter().chain([MIGRATION]).filter_map(|name| {
            let (key, dependency) = dependency_on(dependencies?, name)?;
            let dependency = self.resolved(key, dependency);
            let features = dependency.get("features").and_then(Item::as_array)?.clone();
            Some(features.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
        });
        named.flatten().filter(|feature| feature.starts_with("sqlx-")).collect()
    }

    /// The same with those of the application in `root`, sorted.
    pub fn drivers_with(&self, root: &Path) -> Vec<String> {
        let application = Self::of(&root.join("Cargo.toml")).map(|application| application.drivers());
        let all: BTreeSet<String> = self.drivers().into_iter().chain(application.unwrap_or_default()).collect();
        all.into_iter().collect()
    }

    /// The library's root file, if the package has a library that others can be linked with.
    pub fn library(&self) -> Option<PathBuf> {
        let kinds = self.manifest.get("lib").and_then(|library| library.get("crate-type")).and_then(Item::as_array);
        let links = |kind: &Value| matches!(kind.as_str(), Some("lib" | "rlib" | "dylib"));
        if kinds.is_some_and(|kinds| !kinds.iter().any(links)) {
            return None;
        }
        self.root_of_library()
    }

    fn root_of_library(&self) -> Option<PathBuf> {
        let named = self.manifest.get("lib").and_then(|library| library.get("path")).and_then(Item::as_str);
        let path = self.root.join(named.unwrap_or("src/lib.rs"));
        path.is_file().then_some(path)
    }

    /// Returns whether it has a build script.
    pub fn has_build_script(&self) -> bool {
        match self.manifest.get("package").and_then(|package| package.get("build")) {
            Some(named) => named.as_bool() != Some(false),
            None => self.root.join("build.rs").is_file(),
        }
    }

    /// Whether `file` is the library's root file.
    pub fn is_library_root(&self, file: &Path) -> bool {
        self.library().is_some_and(|library| library.canonicalize().ok() == file.canonicalize().ok())
    }

    /// The root files of its library and programs.
    pub fn root_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.root_of_library().into_iter().collect();
        let programs = self.manifest.get("bin").and_then(Item::as_array_of_tables);
        let named = programs.into_iter().flatten().filter_map(|bin| bin.get("path")?.as_str());
        files.extend(named.map(|path| self.root.join(path)));
        files.push(self.root.join("src/main.rs"));
        files.retain(|file| file.is_file());
        files
    }

    /// Which SeaORM the project at `project_root` is on: as locked, else as required, else the newest.
    ///
    /// # Errors
    /// [`Error::SeaOrm`] for one without an adapter.
    pub fn sea_orm(&self, project_root: &Path) -> Result<SeaOrm> {
        let refused = |version| self.unsupported(version, project_root);
        let lock = self.locked();
        let all = lock.versions(MIGRATION);
        let name = self.name().ok();
        let own = [MIGRATION].into_iter().chain(ORM).find_map(|package| lock.version_for(name.as_ref()?, package));
        if let Some(version) = own.or_else(|| all.first().filter(|_| all.len() == 1).cloned()) {
            return SeaOrm::locked(&version).ok_or_else(|| refused(version));
        }
        let required = [MIGRATION].into_iter().chain(ORM).find_map(|name| self.requirement(name));
        match (required, all.last()) {
            (Some(required), _) => SeaOrm::required(&required).ok_or_else(|| refused(required)),
            (None, Some(last)) => SeaOrm::locked(last).ok_or_else(|| refused(last.clone())),
            (None, None) => Ok(SeaOrm::newest()),
        }
    }

    /// The error for a release without an adapter.
    pub fn unsupported(&self, version: String, project_root: &Path) -> Error {
        let upgrade = Box::new(Upgrade::to_supported(self, project_root, &version));
        Error::SeaOrm { version, kind: SeaOrmErrorKind::NoAdapter, upgrade: Some(upgrade) }
    }

    /// The folder of its workspace, its own if it is in none.
    pub fn workspace_root(&self) -> &Path {
        &self.workspace_root
    }

    /// The lock file of its workspace.
    pub fn lock(&self) -> Option<String> {
        read(&self.workspace_root.join("Cargo.lock")).ok()
    }

    /// Copies the dependencies whose crate name `used` says yes to, with inherited ones resolved and
    /// paths absolute. SeaORM's own crates are always among them, since its derives write their names.
    pub fn copy_dependencies(&self, to: &mut DocumentMut, release: &SeaOrm, used: &dyn Fn(&str) -> bool) {
        let mut copied = Vec::new();
        let own = |package: &str| matches!(package, "sea-orm" | MIGRATION | "sea-query");
        let wanted = |name: &str, dependency: &Item| own(package_of(name, dependency)) || used(&name.replace('-', "_"));
        if let Some(dependencies) = self.manifest.get("dependencies").and_then(Item::as_table_like) {
            for (name, dependency) in dependencies.iter().filter(|(name, one)| wanted(name, one)) {
                to["dependencies"][name] = self.resolved(name, dependency);
                copied.push(package_of(name, dependency).to_owned());
            }
        }
        let targets = self.manifest.get("target").and_then(Item::as_table_like);
        for (target, tables) in targets.into_iter().flat_map(TableLike::iter) {
            let dependencies = tables.get("dependencies").and_then(Item::as_table_like);
            for (name, dependency) in dependencies.into_iter().flat_map(TableLike::iter) {
                if wanted(name, dependency) {
                    let table = to["target"].or_insert(implicit())[target].or_insert(implicit());
                    let table = table["dependencies"].or_insert(Item::Table(Table::new()));
                    table[name] = self.resolved(name, dependency);
                    copied.push(package_of(name, dependency).to_owned());
                }
            }
        }
        if !copied.iter().any(|name| name == MIGRATION) {
            let mut own = InlineTable::new();
            own.insert("version", Value::from(release.requirement()));
            own.insert("default-features", Value::from(false));
            to["dependencies"][MIGRATION] = value(own);
        }
    }

    /// Copies the names of the features that are on by default, for `#[cfg(feature = "…")]` in included files.
    pub fn copy_features(&self, to: &mut DocumentMut) {
        let Some(features) = self.manifest.get("features").and_then(Item::as_table_like) else { return };
        let (mut on, mut next) = (BTreeSet::new(), vec!["default".to_owned()]);
        while let Some(name) = next.pop() {
            let Some(others) = features.get(&name).and_then(Item::as_array) else { continue };
            if on.insert(name) {
                next.extend(others.iter().filter_map(Value::as_str).map(str::to_owned));
            }
        }
        if on.remove("default") && !on.is_empty() {
            let mut table = Table::new();
            table["default"] = value(Array::from_iter(on.iter().map(String::as_str)));
            on.iter().for_each(|name| table[name] = value(Array::new()));
            to["features"] = Item::Table(table);
        }
    }

    /// Copies the entries of `[patch]` for crates that this package needs, because cargo applies only those of the root that it builds.
    /// A SeaORM from a folder or a repository replaces the registry's, so that kit's half is built with it as well.
    pub fn copy_patches(&self, to: &mut DocumentMut) {
        let source = self.workspace.as_ref().unwrap_or(&self.manifest);
        let lock = self.locked();
        let needed = self.name().ok().and_then(|name| lock.closure(&name));
        let mut patched = Vec::new();
        for (registry, crates) in
            source.get("patch").and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter)
        {
            for (key, crate_) in crates.as_table_like().into_iter().flat_map(TableLike::iter) {
                let name = package_of(key, crate_);
                if needed.as_ref().is_none_or(|needed| needed.contains(name)) {
                    patched.push(name.to_owned());
                    let mut crate_ = crate_.clone();
                    absolute(&mut crate_, &self.workspace_root);
                    patch(to, registry, key, crate_);
                }
            }
        }
        for (name, place) in self.forks() {
            if !patched.iter().any(|patched| patched == name) {
                patch(to, "crates-io", name, value(place));
            }
        }
    }

    /// The crates of SeaORM that the package has from a folder or a repository, and from where.
    fn forks(&self) -> Vec<(&'static str, InlineTable)> {
        let mut forks: Vec<(&str, InlineTable)> =
            [MIGRATION, "sea-orm"].into_iter().filter_map(|name| Some((name, self.place_of(name)?))).collect();
        // Its own package there depends on the `sea-orm` beside it, whatever this package names.
        if let [(MIGRATION, place)] = forks.as_slice() {
            let mut place = place.clone();
            if let Some(folder) = place.get("path").and_then(Value::as_str).map(PathBuf::from) {
                let beside = parse(&folder.join("Cargo.toml")).ok().and_then(|manifest| {
                    let path = manifest.get("dependencies")?.get("sea-orm")?.get("path")?.as_str()?.to_owned();
                    Some(folder.join(path))
                });
                let Some(beside) = beside else { return forks };
                place.insert("path", Value::from(beside.to_string_lossy().into_owned()));
            }
            forks.push(("sea-orm", place));
        }
        forks
    }

    /// Where a dependency comes from, if that is no registry: its `path`, or its `git` with branch, tag or revision.
    fn place_of(&self, name: &str) -> Option<InlineTable> {
        let (key, dependency) = dependency_on(self.manifest.get("dependencies")?.as_table_like()?, name)?;
        let table = table_of(Some(&self.resolved(key, dependency)));
        let kept = ["path", "git", "branch", "tag", "rev"];
        let place = InlineTable::from_iter(
            table.iter().filter(|(key, _)| kept.contains(key)).map(|(key, one)| (key, one.clone())),
        );
        (!place.is_empty()).then_some(place)
    }

    /// A dependency that stands alone: nothing inherited, no relative path, not optional.
    fn resolved(&self, name: &str, dependency: &Item) -> Item {
        let inherits = dependency.get("workspace").and_then(Item::as_bool).unwrap_or(false);
        let mut table = table_of(Some(dependency));
        let mut root = &self.root;
        if inherits {
            let own = std::mem::replace(
                &mut table,
                table_of(self.workspace_item("dependencies").and_then(|shared| shared.get(name))),
            );
            root = &self.workspace_root;
            let mut features = table.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
            features.extend(own.get("features").and_then(Value::as_array).into_iter().flatten().cloned());
            table.insert("features", Value::Array(features));
        }
        table.remove("optional");
        let mut item = value(table);
        absolute(&mut item, root);
        item
    }

    fn workspace_item(&self, name: &str) -> Option<&Item> {
        let manifest = self.workspace.as_ref().unwrap_or(&self.manifest);
        manifest.get("workspace")?.get(name)
    }

    fn requirement(&self, name: &str) -> Option<String> {
        let (key, dependency) = dependency_on(self.manifest.get("dependencies")?.as_table_like()?, name)?;
        version(&self.resolved(key, dependency))
    }

    /// Returns the packages of the lock file; none without one.
    pub fn locked(&self) -> &LockFile {
        self.lock_file.get_or_init(|| LockFile::parse(&self.lock().unwrap_or_default()))
    }
}

/// The SeaORM of the package around `file`, in a project at `project_root`; the newest where nothing names one that is supported.
pub fn major_of(file: &Path, project_root: &Path) -> Major {
    let release = Package::of(file).and_then(|package| package.sea_orm(project_root));
    release.map_or_else(|_| Major::default(), |release| release.major)
}

/// The crate that migrations are written against.
const MIGRATION: &str = "sea-orm-migration";

fn patch(to: &mut DocumentMut, registry: &str, key: &str, crate_: Item) {
    let registry = to["patch"].or_insert(implicit())[registry].or_insert(Item::Table(Table::new()));
    registry[key] = crate_;
}

/// A dependency as an inline table, whichever way it is written.
fn table_of(dependency: Option<&Item>) -> InlineTable {
    let mut table = match dependency {
        Some(Item::Value(Value::InlineTable(table))) => table.clone(),
        Some(Item::Table(table)) => table.clone().into_inline_table(),
        Some(Item::Value(version)) => InlineTable::from_iter([("version", version.clone())]),
        _ => InlineTable::new(),
    };
    // A comment behind a value would swallow the rest of the line that they all stand on now.
    table.decor_mut().clear();
    table.fmt();
    table.iter_mut().for_each(|(_, value)| value.decor_mut().clear());
    table
}

fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn absolute(dependency: &mut Item, root: &Path) {
    if let Some(path) = dependency.get("path").and_then(Item::as_str).map(|path| root.join(path)) {
        dependency["path"] = value(path.to_string_lossy().into_owned());
    }
}
