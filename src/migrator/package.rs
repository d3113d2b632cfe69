//! The cargo package that holds the migrations: what its manifest, its workspace and its lock file say
//! that the generated crate has to repeat. It reads and never writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use crate::error::{Error, Result};
use crate::project::manifest::{Major, major, parse, version};
use crate::project::read;

/// A package, and the workspace it is in.
pub struct Package {
    /// Folder of its Cargo.toml.
    pub root: PathBuf,
    manifest: DocumentMut,
    workspace_root: PathBuf,
    workspace: Option<DocumentMut>,
}

impl Package {
    /// The package that `file` belongs to.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if there is none, [`Error::Unreadable`] for a broken manifest.
    pub fn of(file: &Path) -> Result<Self> {
        let nearest = file.ancestors().skip(1).find_map(|folder| {
            let manifest = folder.join("Cargo.toml");
            manifest.is_file().then_some((folder, manifest))
        });
        let Some((root, path)) = nearest else {
            return Err(Error::Unreachable {
                path: file.parent().unwrap_or(file).to_owned(),
                reason: "no Cargo.toml around them".to_owned(),
            });
        };
        let manifest = parse(&path)?;
        let mut package = Self { root: root.to_owned(), manifest, workspace_root: root.to_owned(), workspace: None };
        if !package.manifest.contains_key("workspace") {
            for folder in root.ancestors().skip(1) {
                let path = folder.join("Cargo.toml");
                if path.is_file() {
                    let manifest = parse(&path)?;
                    if manifest.contains_key("workspace") {
                        folder.clone_into(&mut package.workspace_root);
                        package.workspace = Some(manifest);
                        break;
                    }
                }
            }
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

    /// The drivers that its SeaORM is built with, as features, in no particular order; inherited ones followed.
    pub fn drivers(&self) -> Vec<String> {
        let dependencies = self.manifest.get("dependencies").and_then(Item::as_table_like);
        let named = ["sea-orm", "sea-orm-migration"].into_iter().filter_map(|name| {
            let dependency = self.resolved(name, dependencies?.get(name)?);
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

    /// The library's root file, if the package has a library.
    pub fn library(&self) -> Option<PathBuf> {
        let named = self.manifest.get("lib").and_then(|library| library.get("path")).and_then(Item::as_str);
        let path = self.root.join(named.unwrap_or("src/lib.rs"));
        path.is_file().then_some(path)
    }

    /// Whether `file` is the library's root file.
    pub fn is_library_root(&self, file: &Path) -> bool {
        self.library().is_some_and(|library| library.canonicalize().ok() == file.canonicalize().ok())
    }

    /// The root files of its library and programs.
    pub fn root_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.library().into_iter().collect();
        let programs = self.manifest.get("bin").and_then(Item::as_array_of_tables);
        let named = programs.into_iter().flatten().filter_map(|bin| bin.get("path")?.as_str());
        files.extend(named.map(|path| self.root.join(path)));
        files.push(self.root.join("src/main.rs"));
        files.retain(|file| file.is_file());
        files
    }

    /// Which SeaORM the project is on: as locked, else as required, else the newest.
    ///
    /// # Errors
    /// [`Error::SeaOrmVersion`] for one without an adapter.
    pub fn sea_orm(&self) -> Result<Major> {
        let required = self.requirement("sea-orm-migration").or_else(|| self.requirement("sea-orm"));
        let locked = self.locked("sea-orm-migration");
        let version = match (locked.as_slice(), required) {
            ([one], _) => one.clone(),
            (_, Some(required)) => required,
            ([.., last], None) => last.clone(),
            ([], None) => return Ok(Major::Two),
        };
        // What is locked on a pre-release does not fit the released version that the adapters are written for.
        match major(&version) {
            Some(major) if !version.contains('-') => Ok(major),
            _ => Err(Error::SeaOrmVersion { version }),
        }
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
    pub fn copy_dependencies(&self, to: &mut DocumentMut, sea_orm: Major, used: &dyn Fn(&str) -> bool) {
        let mut copied = Vec::new();
        let own = |name: &str| matches!(name, "sea-orm" | "sea-orm-migration" | "sea-query");
        let wanted = |name: &str| own(name) || used(&name.replace('-', "_"));
        if let Some(dependencies) = self.manifest.get("dependencies").and_then(Item::as_table_like) {
            for (name, dependency) in dependencies.iter().filter(|(name, _)| wanted(name)) {
                to["dependencies"][name] = self.resolved(name, dependency);
                copied.push(name.to_owned());
            }
        }
        let targets = self.manifest.get("target").and_then(Item::as_table_like);
        for (target, tables) in targets.into_iter().flat_map(TableLike::iter) {
            let dependencies = tables.get("dependencies").and_then(Item::as_table_like);
            for (name, dependency) in dependencies.into_iter().flat_map(TableLike::iter) {
                if wanted(name) {
                    let table = to["target"].or_insert(implicit())[target].or_insert(implicit());
                    let table = table["dependencies"].or_insert(Item::Table(Table::new()));
                    table[name] = self.resolved(name, dependency);
                    copied.push(name.to_owned());
                }
            }
        }
        if !copied.iter().any(|name| name == "sea-orm-migration") {
            let mut own = InlineTable::new();
            own.insert("version", Value::from(sea_orm.requirement()));
            own.insert("default-features", Value::from(false));
            to["dependencies"]["sea-orm-migration"] = value(own);
        }
    }

    /// Copies `[patch]`, which cargo honours only in the root it builds.
    pub fn copy_patches(&self, to: &mut DocumentMut) {
        let source = self.workspace.as_ref().unwrap_or(&self.manifest);
        let Some(patch) = source.get("patch") else { return };
        to["patch"] = patch.clone();
        for (_, registry) in to["patch"].as_table_like_mut().into_iter().flat_map(|table| table.iter_mut()) {
            for (_, crate_) in registry.as_table_like_mut().into_iter().flat_map(|table| table.iter_mut()) {
                absolute(crate_, &self.workspace_root);
            }
        }
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
        let dependency = self.manifest.get("dependencies")?.get(name)?;
        let inherits = dependency.get("workspace").and_then(Item::as_bool).unwrap_or(false);
        let dependency = if inherits { self.workspace_item("dependencies")?.get(name)? } else { dependency };
        version(dependency)
    }

    /// All versions of a crate in the lock file.
    pub fn locked(&self, name: &str) -> Vec<String> {
        let Some(lock) = self.lock().and_then(|lock| lock.parse::<DocumentMut>().ok()) else { return Vec::new() };
        let packages = lock.get("package").and_then(Item::as_array_of_tables);
        let named =
            packages.into_iter().flatten().filter(|package| package.get("name").and_then(Item::as_str) == Some(name));
        named.filter_map(|package| Some(package.get("version")?.as_str()?.to_owned())).collect()
    }
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
