//! The search for a project: upwards for its root, then in the conventional places, then anywhere
//! below for the one file that implements `MigratorTrait`.

use std::fs;
use std::path::{Path, PathBuf};

use kit_runtime::config::loco::is_loco;

use super::{Layout, Settings, settings};
use crate::error::{Error, Result};

/// What the search found.
pub struct Found {
    pub root: PathBuf,
    pub layout: Layout,
    pub index: PathBuf,
    pub settings: Settings,
}

/// Where migrations are by convention, relative to the root.
const PLACES: [&str; 3] = ["migrations/mod.rs", "src/migrations/mod.rs", "migration/src/lib.rs"];

/// Folders that hold no migrations of the project's own.
const ASIDE: [&str; 6] = ["target", "node_modules", "vendor", "tests", "benches", "examples"];

/// Deepest folder below the root that is searched where no conventional place holds migrations.
const DEPTH: usize = 8;

/// Finds the project around `start`: upwards to the folder that is a repository, or to the top.
pub fn find(start: &Path) -> Result<Found> {
    let start =
        start.canonicalize().map_err(|source| Error::File { action: "open", path: start.to_owned(), source })?;
    match around(&start)? {
        Some(found) => Ok(found),
        None => Err(Error::NoProject { below: below(&start), start, optional: false }),
    }
}

/// The project that `start` is in, which has to be a canonical path.
fn around(start: &Path) -> Result<Option<Found>> {
    // Inside of a package, only a package's folder is a root: `src/db` with its `migrations/` is none.
    let package = |folder: &Path| folder.join("Cargo.toml").is_file();
    let in_package = start.ancestors().any(package);
    // The migration crate itself; its project may be further up.
    let mut own_crate: Option<Found> = None;
    for root in start.ancestors() {
        let settings = settings::of(root)?;
        if let Some(place) = settings.project.migrations.clone() {
            return configured(root, &place, settings).map(Some);
        }
        let is_root = !in_package || package(root) || root.join("kit.toml").is_file();
        let mut places = if is_root { conventional(root) } else { Vec::new() };
        if places.is_empty() && package(root) {
            let index = root.join("src/lib.rs");
            if own_crate.is_none() && is_index(&index) {
                own_crate =
                    Some(Found { root: root.to_owned(), layout: Layout::SeaOrm, index, settings: settings.clone() });
            } else {
                search(root, DEPTH, &mut places);
            }
        }
        match (places.as_slice(), own_crate.take()) {
            // One of several; standing in it says which.
            (others, Some(own)) if !others.is_empty() && others != [own.index.clone()] => {
                return Ok(Some(own.settled()));
            }
            ([index], _) => {
                let layout = if index.ends_with("src/lib.rs") { Layout::SeaOrm } else { Layout::Kit };
                return Ok(Some(Found { root: root.to_owned(), layout, index: index.clone(), settings }.settled()));
            }
            ([_, _, ..], _) => {
                let folder = |index: &PathBuf| {
                    let folder = index.parent().unwrap_or(root);
                    folder.strip_prefix(root).unwrap_or(folder).display().to_string()
                };
                return Err(Error::SeveralMigrations { paths: places.iter().map(folder).collect() });
            }
            ([], own) => own_crate = own,
        }
        if root.join(".git").exists() {
            break;
        }
    }
    Ok(own_crate.map(Found::settled))
}

/// The only project in the folders of `start` and in their folders, such as `backend/`. `None` if there are several.
fn below(start: &Path) -> Option<PathBuf> {
    let mut found = Vec::new();
    let mut within = Vec::new();
    for folder in folders(start) {
        match is_project(&folder) {
            true => found.push(folder),
            false => within.extend(folders(&folder)),
        }
    }
    found.extend(within.into_iter().filter(|folder| is_project(folder)));
    found.pop().filter(|_| found.is_empty())
}

/// Whether a folder is the root of a project, or the folder in which a migration crate and nothing else is.
fn is_project(folder: &Path) -> bool {
    around(folder).is_ok_and(|found| found.is_some_and(|found| found.root == folder && is_index(&found.index)))
}

/// The folders in a folder, by name, without those that hold no project of the user's.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_own(path)).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

/// Whether a file or a folder may belong to the project: no link, not hidden, not of a tool's.
fn is_own(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !path.is_symlink() && !name.starts_with('.') && !ASIDE.contains(&name.as_ref())
}

/// The folder around `start` that has a kit.toml or a Cargo.toml, else `start` itself, for commands that need no migrations. The
/// index is where migrations would be.
pub fn without_migrations(start: &Path) -> Result<Found> {
    let start =
        start.canonicalize().map_err(|source| Error::File { action: "open", path: start.to_owned(), source })?;
    let repository = start.ancestors().position(|folder| folder.join(".git").exists());
    let mut within = start.ancestors().take(repository.map_or(usize::MAX, |at| at + 1));
    let is_root = |folder: &&Path| ["kit.toml", "Cargo.toml"].iter().any(|name| folder.join(name).is_file());
    let root = within.find(is_root).unwrap_or(&start);
    let (root, settings) = (root.to_owned(), settings::of(root)?);
    Ok(Found { index: root.join("migration/src/lib.rs"), layout: Layout::SeaOrm, root, settings }.settled())
}

impl Found {
    /// With the layout that kit.toml or the entities' place says.
    fn settled(mut self) -> Self {
        if let Some(layout) = self.settings.project.layout {
            self.layout = layout;
        } else if is_loco(&self.root, &self.settings) {
            self.layout = Layout::Loco;
        }
        self
    }
}

/// The conventional places in `root` that hold migrations; if none registers any, those that are there.
fn conventional(root: &Path) -> Vec<PathBuf> {
    let there: Vec<PathBuf> = PLACES.iter().map(|place| root.join(place)).filter(|index| index.is_file()).collect();
    let registering: Vec<PathBuf> = there.iter().filter(|index| is_index(index)).cloned().collect();
    if registering.is_empty() { there } else { registering }
}

fn configured(root: &Path, place: &Path, settings: Settings) -> Result<Found> {
    let place = root.join(place);
    let index = if place.is_file() {
        Some(place.clone())
    } else {
        ["mod.rs", "lib.rs", "src/lib.rs"].iter().map(|name| place.join(name)).find(|path| path.is_file())
    };
    let Some(index) = index else {
        return Err(Error::Config {
            origin: "[project] migrations in kit.toml".to_owned(),
            message: format!("no mod.rs or lib.rs in {}", place.display()),
        });
    };
    let layout = if index.ends_with("src/lib.rs") { Layout::SeaOrm } else { Layout::Kit };
    Ok(Found { root: root.to_owned(), layout, index, settings }.settled())
}

/// Whether a file implements `MigratorTrait`, as far as its text says.
fn is_index(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| {
        text.lines()
            .map(str::trim_start)
            .filter(|line| !line.starts_with("//"))
            .any(|line| line.contains("MigratorTrait for") || line.contains("MigratorTraitSelf for"))
    })
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if !is_own(&path) {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                search(&path, depth - 1, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && is_index(&path) {
            found.push(path);
        }
    }
}
