//! Finds what leads a project to another release of SeaORM: the requirements that exclude it, and cargo's command that locks it. It
//! returns them as a value and changes no file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, Table, TableLike};

use super::package::Package;
use crate::error::{ReleaseRequirement, Upgrade};
use crate::project::manifest::{dependency_tables, package_of, parse};
use crate::project::read;
use crate::project::sea_orm::{Major, SeaOrm};
use crate::project::workspace::workspace_of;

/// SeaORM's packages that projects require.
const PACKAGES: [&str; 2] = ["sea-orm-migration", "sea-orm"];

impl Upgrade {
    /// To a release that kit has an adapter for, from one that `version` names or requires.
    pub fn to_supported(package: &Package, project_root: &Path, version: &str) -> Self {
        let is_older = version.trim_start_matches(|c: char| !c.is_ascii_digit()).starts_with(['0', '1']);
        let line = if is_older { Major::One } else { Major::Two };
        Self::of(package, project_root, line.requirement(), |_| true)
    }

    /// To a release over which a run can be pretended.
    pub fn to_pretend(package: &Package, project_root: &Path) -> Self {
        Self::of(package, project_root, Major::One.requirement(), SeaOrm::can_pretend)
    }

    /// To the newest release of the line; `None` from that.
    pub fn to_newest(package: &Package, project_root: &Path, version: &str) -> Option<Self> {
        let release = SeaOrm::locked(version)?;
        let newest = SeaOrm::newest_of(release.major);
        let is_newest = |other: &SeaOrm| *other == newest;
        (release.version < newest.version)
            .then(|| Self::of(package, project_root, release.major.requirement(), is_newest))
    }

    /// `wanted` is the requirement to write where one excludes all releases that `serve`.
    fn of(package: &Package, project_root: &Path, wanted: &'static str, serves: impl Fn(&SeaOrm) -> bool) -> Self {
        let excludes = |version: &str| !SeaOrm::required(version).is_some_and(|release| serves(&release));
        let requirements = manifests(package)
            .iter()
            .flat_map(|manifest| requirements_in(manifest, project_root))
            .filter(|requirement| excludes(&requirement.version))
            .collect();
        Self { requirements, wanted, command: command(package, project_root) }
    }
}

/// `cargo update -p sea-orm-migration -p sea-orm`, with versions where the lock file has several, and with the manifest's path
/// where cargo would not find it from `project_root`.
fn command(package: &Package, project_root: &Path) -> Option<String> {
    let lock = package.locked();
    let own = package.name().ok().and_then(|name| lock.version_for(&name, PACKAGES[0]));
    let specs: Vec<String> = PACKAGES
        .into_iter()
        .filter_map(|name| match (lock.versions(name).as_slice(), &own) {
            ([], _) => None,
            ([_], _) => Some(format!("-p {name}")),
            // Both have the same version.
            (several, Some(own)) if several.contains(own) => Some(format!("-p {name}@{own}")),
            (several, _) => Some(several.iter().map(|one| format!("-p {name}@{one}")).collect::<Vec<_>>().join(" ")),
        })
        .collect();
    if specs.is_empty() {
        return None;
    }
    let from_here = project_root.ancestors().find(|folder| folder.join("Cargo.toml").is_file()).map(workspace_root);
    let manifest = match from_here.as_deref() == Some(package.workspace_root()) {
        true => String::new(),
        false => format!("--manifest-path {} ", relative(&package.workspace_root().join("Cargo.toml"), project_root)),
    };
    Some(format!("cargo update {manifest}{}", specs.join(" ")))
}

fn workspace_root(folder: &Path) -> PathBuf {
    let manifest = parse(&folder.join("Cargo.toml")).unwrap_or_default();
    workspace_of(folder, &manifest).ok().flatten().map_or_else(|| folder.to_owned(), |(root, _)| root)
}

/// A Cargo.toml with the positions of its values.
struct Manifest {
    path: PathBuf,
    text: Document<String>,
}

/// The manifests of the package, of its workspace, of the members and of the local packages that these depend on.
fn manifests(package: &Package) -> Vec<Manifest> {
    let mut queue = vec![package.workspace_root().to_owned(), package.root.clone()];
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some(folder) = queue.pop() {
        let path = folder.join("Cargo.toml");
        if !path.canonicalize().is_ok_and(|path| seen.insert(path)) {
            continue;
        }
        let Some(text) = read(&path).ok().and_then(|text| Document::parse(text).ok()) else { continue };
        queue.extend(members(&folder, text.as_table()));
        for table in tables(text.as_table()) {
            let paths = table.iter().filter_map(|(_, one)| one.get("path")?.as_str());
            queue.extend(paths.map(|path| folder.join(path)));
        }
        found.push(Manifest { path, text });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The folders of a workspace's members; `*` as the last part of a path is every folder there.
fn members(folder: &Path, manifest: &Table) -> Vec<PathBuf> {
    let list = manifest.get("workspace").and_then(|workspace| workspace.get("members")).and_then(Item::as_array);
    let named = list.into_iter().flatten().filter_map(|member| member.as_str());
    named
        .flat_map(|member| match member.strip_suffix('*') {
            Some(above) => {
                let entries = fs::read_dir(folder.join(above)).into_iter().flatten().flatten();
                entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
            }
            None => vec![folder.join(member)],
        })
        .collect()
}

/// All tables of dependencies in a manifest, those of a workspace included.
fn tables(manifest: &Table) -> Vec<&dyn TableLike> {
    let shared = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    dependency_tables(manifest).into_iter().chain(shared.and_then(Item::as_table_like)).collect()
}

fn requirements_in(manifest: &Manifest, project_root: &Path) -> Vec<ReleaseRequirement> {
    let found =
        tables(manifest.text.as_table()).into_iter().flat_map(TableLike::iter).filter_map(|(key, dependency)| {
            let package = PACKAGES.into_iter().find(|package| package_of(key, dependency) == *package)?;
            let version = dependency.get("version").unwrap_or(dependency);
            let before = &manifest.text.raw()[..version.span()?.start];
            let place = format!("{}:{}", relative(&manifest.path, project_root), before.matches('\n').count() + 1);
            Some(ReleaseRequirement { package, version: version.as_str()?.to_owned(), place })
        });
    found.collect()
}

fn relative(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
