//! What the package with the migrations is built with: lock file, SeaORM, drivers, kit's library.

use std::collections::BTreeSet;
use std::path::Path;

use super::Finding;
use super::some;
use crate::database::Target;
use crate::error::{Advice, Result};
use crate::migrator::package::Package;
use crate::migrator::runtime_source;
use crate::project::Project;
use crate::project::manifest::parse;
use crate::project::sea_orm::SeaOrm;

/// Looks at each.
pub fn look(project: &Project, package: &Result<Package>, target: Option<&Target>) -> Vec<Finding> {
    let package = match package {
        Ok(package) => package,
        Err(error) => return vec![Finding::failed("cargo_toml", error, Advice::Manifest)],
    };
    let mut findings = vec![match package.lock() {
        Some(_) => Finding::ok("cargo_lock", "read"),
        None => Finding::warn("cargo_lock", "none", Advice::Lock),
    }];
    match package.sea_orm(&project.root) {
        Ok(release) => {
            findings.push(versions(package, &release));
            findings.extend(target.and_then(|target| drivers(project, package, target)));
            findings.extend(library(project, package, &release));
        }
        Err(error) => findings.push(Finding::failed("seaorm", &error, Advice::OneSeaOrm)),
    }
    findings
}

fn versions(package: &Package, release: &SeaOrm) -> Finding {
    let lock = package.locked();
    let (own, migration) = (lock.versions("sea-orm"), lock.versions("sea-orm-migration"));
    let all: BTreeSet<&str> = own.iter().chain(&migration).map(String::as_str).collect();
    let lines: BTreeSet<Option<&str>> =
        all.iter().map(|version| SeaOrm::locked(version).map(|one| one.major.requirement())).collect();
    if lines.len() > 1 {
        let found = format!("sea-orm {}, sea-orm-migration {}", own.join(" and "), migration.join(" and "));
        return Finding::warn("seaorm", found, Advice::OneSeaOrm);
    }
    let shown = all.into_iter().next_back().unwrap_or(release.major.requirement());
    Finding::ok("seaorm", shown)
}

/// Migrations bring all drivers, the application only those that its SeaORM is built with.
fn drivers(project: &Project, package: &Package, target: &Target) -> Option<Finding> {
    let named = package.drivers_with(&project.root);
    let needed = target.driver();
    match named.iter().any(|name| name == needed || name == "sqlx-all") {
        _ if named.is_empty() => None,
        true => Some(Finding::ok("drivers", some(&named))),
        false => Some(Finding::warn("drivers", some(&named), Advice::Driver { feature: needed })),
    }
}

/// The sources that `kit init --library` put into the project.
fn library(project: &Project, package: &Package, release: &SeaOrm) -> Option<Finding> {
    const NAME: &str = "kit_runtime";
    let roots = [package.root.as_path(), &project.root];
    let folder =
        roots.iter().map(|root| root.join(crate::scaffold::starter::LIBRARY)).find(|folder| folder.is_dir())?;
    let version = version_in(&folder).unwrap_or_else(|| "of no version".to_owned());
    let own = env!("CARGO_PKG_VERSION");
    let is_same = |path: &str, content: &str| {
        std::fs::read_to_string(folder.join(path)).is_ok_and(|there| there.replace("\r\n", "\n") == content)
    };
    if version != own {
        return Some(Finding::warn(NAME, format!("{version}, kit is {own}"), Advice::Library));
    }
    if !runtime_source::files(release.major).iter().all(|(path, content)| is_same(path, content)) {
        return Some(Finding::warn(NAME, format!("{version}, but not the sources of this kit"), Advice::Library));
    }
    Some(Finding::ok(NAME, version))
}

fn version_in(folder: &Path) -> Option<String> {
    let manifest = parse(&folder.join("Cargo.toml")).ok()?;
    Some(manifest.get("package")?.get("version")?.as_str()?.to_owned())
}
