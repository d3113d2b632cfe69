//! The search for a project: upwards for its root, then in the conventional places, then anywhere
//! below for the one file that implements `MigratorTrait`.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Layout, Settings};
use crate::error::{Error, Result};

/// What the search found.
pub struct Found {
    pub root: PathBuf,
    pub layout: Layout,
    pub index: PathBuf,
    pub settings: Settings,
}

/// Where migrations are by convention, relative to the root.
const PLACES: [(&str, Layout); 3] = [
    ("migrations/mod.rs", Layout::Kit),
    ("src/migrations/mod.rs", Layout::Kit),
    ("migration/src/lib.rs", Layout::SeaOrm),
];

/// Deepest folder below the root that is searched where no conventional place holds migrations.
const DEPTH: usize = 8;

/// Finds the project around `start`.
pub fn find(start: &Path) -> Result<Found> {
    let start = start.canonicalize().map_err(|_| Error::NoProject { start: start.to_owned() })?;
    let mut own_crate = None;
    for root in start.ancestors() {
        let settings = Settings::read(root)?;
        if let Some(folder) = settings.project.migrations.clone() {
            return configured(root, &folder, settings);
        }
        let mut places: Vec<(PathBuf, Layout)> = PLACES
            .iter()
            .map(|(place, layout)| (root.join(place), *layout))
            .filter(|(index, _)| index.is_file())
            .collect();
        if places.is_empty() && root.join("Cargo.toml").is_file() {
            if own_crate.is_none() && is_index(&root.join("src/lib.rs")) {
                // The migration crate itself; its project may be further up.
                own_crate = Some((root.to_owned(), settings));
                continue;
            }
            if own_crate.is_none() || root.join("kit.toml").is_file() {
                let mut found = Vec::new();
                search(root, DEPTH, &mut found);
                places = found.into_iter().map(|index| (index, Layout::SeaOrm)).collect();
            }
        }
        match places.as_slice() {
            [] if root.join("kit.toml").is_file() => break,
            [] => {}
            [(index, layout)] => {
                let layout = settings.project.layout.unwrap_or(detect(root, *layout));
                return Ok(Found { root: root.to_owned(), layout, index: index.clone(), settings });
            }
            several => {
                let paths = several
                    .iter()
                    .map(|(index, _)| {
                        index.parent().unwrap_or(root).strip_prefix(root).unwrap_or(root).display().to_string()
                    })
                    .collect();
                return Err(Error::SeveralMigrations { paths });
            }
        }
    }
    match own_crate {
        Some((root, settings)) => {
            let index = root.join("src/lib.rs");
            let layout = settings.project.layout.unwrap_or(Layout::SeaOrm);
            Ok(Found { root, layout, index, settings })
        }
        None => Err(Error::NoProject { start }),
    }
}

fn configured(root: &Path, folder: &Path, settings: Settings) -> Result<Found> {
    let folder = root.join(folder);
    let index = ["mod.rs", "lib.rs", "src/lib.rs"].iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let Some(index) = index else {
        return Err(Error::Config {
            origin: "[project] migrations in kit.toml".to_owned(),
            message: format!("no mod.rs or lib.rs in {}", folder.display()),
        });
    };
    let layout = settings.project.layout.unwrap_or(detect(root, Layout::Kit));
    Ok(Found { root: root.to_owned(), layout, index, settings })
}

fn detect(root: &Path, layout: Layout) -> Layout {
    if root.join("src/models/_entities").is_dir() { Layout::Loco } else { layout }
}

fn is_index(path: &Path) -> bool {
    fs::read_to_string(path)
        .is_ok_and(|text| text.contains("MigratorTrait for") || text.contains("MigratorTraitSelf for"))
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() || name.starts_with('.') || matches!(name.as_str(), "target" | "node_modules" | "vendor") {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                search(&path, depth - 1, found);
            }
        } else if name.ends_with(".rs") && is_index(&path) {
            found.push(path);
        }
    }
}
