//! The folder of the entities in each layout, and what is in it. It reads only.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};
use crate::project::{Layout, Project};

/// Where entities stand.
#[derive(Clone, Debug)]
pub struct Place {
    /// Nothing is written outside of this folder: the project, or one outside of it that the user has named.
    pub root: PathBuf,
    /// The folder of the generated files.
    pub folder: PathBuf,
    /// `mod.rs` or `lib.rs`.
    pub index: &'static str,
    /// The file that declares the users' halves, where there are such.
    pub own: Option<PathBuf>,
}

impl Place {
    /// The place in `project`, or `output` where that is given.
    pub fn of(project: &Project, output: Option<&Path>, lib: bool) -> Self {
        let root = &project.root;
        let index = if lib { "lib.rs" } else { "mod.rs" };
        if let Some(output) = output {
            return Self { root: root.clone(), folder: output.to_owned(), index, own: None };
        }
        let models = if root.join("src/models.rs").is_file() { "src/models.rs" } else { "src/models/mod.rs" };
        let folder = project.entities();
        let own = (project.layout != Layout::SeaOrm).then(|| root.join(models));
        // A package of their own has a library.
        let index = if own.is_none() && folder.join("lib.rs").is_file() { "lib.rs" } else { index };
        Self { root: root.clone(), folder, index, own }
    }

    /// The place in a folder that the user has named, which may be outside of the project.
    pub fn named(project: &Project, folder: &Path, lib: bool) -> Self {
        let folder = resolve(folder);
        let root = project.root.canonicalize().unwrap_or_else(|_| project.root.clone());
        match folder.strip_prefix(&root) {
            Ok(inside) => Self::of(project, Some(&project.root.join(inside)), lib),
            Err(_) => Self { root: folder.clone(), ..Self::of(project, Some(&folder), lib) },
        }
    }

    /// The modules that have a file in the folder.
    pub fn present(&self) -> Result<BTreeSet<String>> {
        let failed = |source| Error::File { action: "read", path: self.folder.clone(), source };
        if !self.folder.is_dir() {
            return Ok(BTreeSet::new());
        }
        let mut present = BTreeSet::new();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let shared = matches!(stem, "mod" | "lib" | "main" | "prelude" | "sea_orm_active_enums");
            if path.extension().is_some_and(|extension| extension == "rs") && !shared {
                present.insert(stem.to_owned());
            }
        }
        Ok(present)
    }
}

/// The path with links followed as far as it exists, and without `..`.
fn resolve(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(resolved.pop()),
            part => resolved.push(part),
        }
        if let Ok(real) = resolved.canonicalize() {
            resolved = real;
        }
    }
    resolved
}
