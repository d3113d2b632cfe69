//! The project's seeders and factories, as sources: where they are, and which seeders can be asked for by name. It reads with
//! syn, and compiles nothing.

use std::path::{Path, PathBuf};

use syn::{Fields, Item, Visibility};

use super::index::{Index, trait_name, type_name};
use super::manifest::Manifest;
use super::modules::{child_folder, files_in};
use super::{Layout, Project, read};
use crate::error::{Result, SeedError};

/// The seeder that is run where none is named.
pub const ALL: &str = "DatabaseSeeder";

/// Where seeders are, and factories: the first of each that is there, the first for a new one.
const SEEDERS: [&str; 2] = ["database/seeders", "src/seeders"];
const FACTORIES: [&str; 2] = ["database/factories", "src/factories"];

/// The seeders of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeders {
    /// The file of their module.
    pub index: PathBuf,
    /// Those that can be called from outside of it.
    pub list: Vec<SourceSeeder>,
}

/// A seeder in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSeeder {
    /// The type's name.
    pub name: String,
    /// Its path from the module of the seeders.
    pub path: Vec<String>,
    /// It has no fields; any other has to be `Default`.
    pub unit: bool,
}

impl Seeders {
    /// Those of `project`; none if it has no module of seeders.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if that is no Rust.
    pub fn find(project: &Project) -> Result<Option<Self>> {
        let index = index(&project.root, &SEEDERS);
        if !index.is_file() {
            return Ok(None);
        }
        let mut list = Vec::new();
        collect(&index, index.parent().unwrap_or(&project.root), &mut Vec::new(), &mut list)?;
        Ok(Some(Self { index, list }))
    }

    /// The one of that name, with `Seeder` at its end or without, in any case: `user` is `UserSeeder`.
    ///
    /// # Errors
    /// [`SeedError::UnknownSeeder`].
    pub fn named(&self, name: &str) -> Result<&SourceSeeder> {
        let plain = |name: &str| name.to_lowercase().replace(['_', '-'], "");
        let wanted = plain(name);
        let is = |seeder: &&SourceSeeder| {
            let own = plain(&seeder.name);
            own == wanted || own.strip_suffix("seeder") == Some(&wanted)
        };
        self.list.iter().find(is).ok_or_else(|| {
            SeedError::UnknownSeeder {
                name: name.to_owned(),
                known: self.list.iter().map(|seeder| seeder.name.clone()).collect(),
            }
            .into()
        })
    }

    /// Whether there is one that runs where none is named.
    pub fn has_all(&self) -> bool {
        self.list.iter().any(|seeder| seeder.name == ALL)
    }
}

/// The file of the module of seeders, there or not.
pub fn seeders(root: &Path) -> PathBuf {
    index(root, &SEEDERS)
}

/// The file of the module of factories, there or not.
pub fn factories(root: &Path) -> PathBuf {
    index(root, &FACTORIES)
}

/// The path through which seeders and factories name the modules of the entities: `crate::models`, `entity`.
pub fn entities_path(project: &Project) -> String {
    let folder = project.entities();
    match project.layout {
        Layout::Kit | Layout::Loco => "crate::models".to_owned(),
        // A package of its own has its manifest beside its `src`.
        Layout::SeaOrm => match folder.parent().map(|parent| Manifest::read(&parent.join("Cargo.toml"))) {
            Some(Ok(manifest)) if folder.ends_with("entity/src") => manifest.crate_name().unwrap_or_default(),
            _ => "crate::entities".to_owned(),
        },
    }
}

fn index(root: &Path, folders: &[&str; 2]) -> PathBuf {
    let [usual, other] = folders.map(|folder| root.join(folder).join("mod.rs"));
    if !usual.is_file() && other.is_file() { other } else { usual }
}

/// The seeders of a file, and of the modules that can be reached through it.
fn collect(file: &Path, folder: &Path, path: &mut Vec<String>, list: &mut Vec<SourceSeeder>) -> Result<()> {
    let items = Index::parse(file, &read(file)?)?.file.items;
    for item in &items {
        let Item::Impl(implementation) = item else { continue };
        if trait_name(implementation).as_deref() != Some("Seeder") {
            continue;
        }
        let name = type_name(&implementation.self_ty);
        let of = items.iter().find_map(|item| match item {
            Item::Struct(of) if of.ident == name => Some(of),
            _ => None,
        });
        if let Some(of) = of.filter(|of| !matches!(of.vis, Visibility::Inherited)) {
            let path = path.iter().cloned().chain([name.clone()]).collect();
            list.push(SourceSeeder { unit: matches!(of.fields, Fields::Unit), path, name });
        }
    }
    for (name, child) in files_in(file, folder) {
        let open = |item: &Item| matches!(item, Item::Mod(module) if module.ident == name && !matches!(module.vis, Visibility::Inherited));
        if items.iter().any(open) {
            path.push(name.clone());
            collect(&child, &child_folder(&child, &name), path, list)?;
            path.pop();
        }
    }
    Ok(())
}
