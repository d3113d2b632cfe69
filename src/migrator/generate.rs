//! The generated crate, as text: a manifest, a main.rs and a lock file. It includes the project's
//! migrations as they are, either through their own package or, for a module of an application, by
//! path together with the modules that `crate::…` names. It writes nothing.

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

use super::modules::{self, Included};
use super::package::Package;
use super::package_use::PackageUse;
use super::{fingerprint, library_use, runtime_source};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::project::sea_orm::{Major, SeaOrm};
use crate::project::source::{self, Sources};

/// A crate to build.
#[derive(Debug)]
pub struct Generated {
    /// Its name, which is also its program's; no two indexes share one.
    pub name: String,
    /// Cargo.toml, with the dependencies that the included sources name.
    pub manifest: String,
    /// Cargo.toml with all of the package's dependencies, where that is more: one that is not named may be needed all
    /// the same, by what a macro writes or for a feature it turns on.
    pub full_manifest: Option<String>,
    /// The application that is compiled as a whole, and why: `app`: m1.rs:3 uses `crate::config`.
    pub whole_package: Option<String>,
    /// src/main.rs.
    pub main: String,
    /// Cargo.lock, where the project has one.
    pub lock: Option<String>,
    /// Which SeaORM it is for.
    pub sea_orm: SeaOrm,
    /// The package that rustc names files relative to, when it is not the generated one.
    pub package_root: Option<PathBuf>,
}

/// Generates the crate; `runtime` is where the sources of kit-runtime will be.
///
/// # Errors
/// [`Error::NoMigrator`], [`Error::Unreachable`], [`Error::SeaOrm`], and those of reading files.
pub fn generate(project: &Project, runtime: impl Fn(Major) -> PathBuf) -> Result<Generated> {
    let package = Package::of(&project.index)?;
    let release = package.sea_orm(&project.root)?;
    let sources = source::read(project)?;
    let name = crate_name(&project.index);

    let manifest = |fill: &dyn Fn(&mut DocumentMut)| {
        let mut manifest = frame(&name, &package.edition());
        package.copy_features(&mut manifest);
        fill(&mut manifest);
        add_runtime(&mut manifest, &runtime(release.major), &release.runtime_features());
        package.copy_patches(&mut manifest);
        manifest.to_string()
    };
    let entry = |path: &str| entry_of(&sources, project, path);
    let used = PackageUse::of(&project.index, &package.root, package.has_build_script());
    if let Some(InLibrary { path, reason }) = in_library(project, &package, &used) {
        let mut own = InlineTable::new();
        own.insert("path", text(&package.root));
        own.insert("package", Value::from(package.name()?));
        let path = std::iter::once("project".to_owned()).chain(path).collect::<Vec<_>>().join("::");
        return Ok(Generated {
            manifest: manifest(&|manifest| manifest["dependencies"]["project"] = value(own.clone())),
            full_manifest: None,
            whole_package: reason.map(|reason| format!("`{}`: {reason}", package.name().unwrap_or_default())),
            main: program("", &[], &entry(&path)?),
            lock: package.lock(),
            package_root: Some(package.root.clone()),
            name: name.clone(),
            sea_orm: release.clone(),
        });
    }
    // The default features go with the files; nothing else of a package can.
    if !used.rest.is_empty() {
        let lost: Vec<String> = used.rest.into_iter().collect();
        return Err(Error::Unreachable {
            path: project.migrations().to_owned(),
            reason: format!("they use {}, which only their own package has", lost.join(" and ")),
        });
    }
    let inclusion = modules::include(&package, project)?;
    let with = |used: &dyn Fn(&str) -> bool| manifest(&|manifest| package.copy_dependencies(manifest, &release, used));
    let (lean, full) = (with(&|name| inclusion.names.contains(name)), with(&|_| true));
    let path = format!("crate::{}", inclusion.path.join("::"));
    Ok(Generated {
        full_manifest: (full != lean).then_some(full),
        whole_package: None,
        manifest: lean,
        main: program("", &inclusion.modules, &entry(&path)?),
        lock: package.lock(),
        package_root: None,
        name: name.clone(),
        sea_orm: release.clone(),
    })
}

/// The name of the crate for the migrations in `index`; a workspace may have several migration crates.
pub fn crate_name(index: &Path) -> String {
    format!("kit-migrator-{}", &fingerprint::key(&[&index.to_string_lossy()])[..12])
}

/// Migrations that are compiled as a part of the library of their package.
struct InLibrary {
    /// The path of their module.
    path: Vec<String>,
    /// Why, if they are modules of an application.
    reason: Option<String>,
}

fn in_library(project: &Project, package: &Package, used: &PackageUse) -> Option<InLibrary> {
    let path = modules::path_to(&package.library()?, &project.index)?;
    if package.is_library_root(&project.index) {
        return Some(InLibrary { path, reason: None });
    }
    let of_crate = modules::first_use_of_crate(project.migrations())
        .map(|(file, used)| format!("{}:{} uses `crate::{}`", project.relative(&file), used.line, used.name));
    let of_package = used.rest.iter().next().map(|one| format!("the migrations use {one}"));
    let of_features = used.features.then(|| "the migrations have conditions on its features".to_owned());
    let reason = of_crate.or(of_package).or(of_features)?;
    Some(InLibrary { path, reason: Some(reason) })
}

/// Passes unless the migrations use kit's library in a package without it. Migrations that are included by path have that of the
/// migrator.
///
/// # Errors
/// [`Error::NoLibrary`].
pub(super) fn check_library(project: &Project, package: &Package) -> Result<()> {
    if package.has_crate(library_use::NAME) {
        return Ok(());
    }
    let Some(place) = library_use::first(&project.index, project.migrations()) else { return Ok(()) };
    let used = PackageUse::of(&project.index, &package.root, package.has_build_script());
    if in_library(project, package, &used).is_none() {
        return Ok(());
    }
    Err(Error::NoLibrary {
        place: format!("{}:{}", project.relative(&place.file), place.line),
        package: project.relative(&package.root),
    })
}

/// A manifest without dependencies.
pub(super) fn frame(name: &str, edition: &str) -> DocumentMut {
    let mut manifest = DocumentMut::new();
    let mut about = Table::new();
    about["name"] = value(name);
    about["version"] = value("0.0.0");
    about["edition"] = value(edition);
    about["publish"] = value(false);
    manifest["package"] = Item::Table(about);
    // A workspace of its own, whatever folder it stands in. Another resolver, as an old edition brings, would turn on other
    // features of SeaORM and so compile it once more.
    let mut workspace = Table::new();
    workspace["resolver"] = value("2");
    manifest["workspace"] = Item::Table(workspace);
    let mut profile = Table::new();
    profile["debug"] = value(0);
    // Its sources do not change, and incremental data takes more space than all of its other artifacts.
    let mut runtime = Table::new();
    runtime["incremental"] = value(false);
    let mut packages = Table::new();
    packages.set_implicit(true);
    packages[runtime_source::OWN_NAME] = Item::Table(runtime);
    profile["package"] = Item::Table(packages);
    let mut profiles = Table::new();
    profiles.set_implicit(true);
    profiles["dev"] = Item::Table(profile);
    manifest["profile"] = Item::Table(profiles);
    manifest["dependencies"] = Item::Table(Table::new());
    manifest
}

pub(super) fn add_runtime(manifest: &mut DocumentMut, runtime: &Path, features: &[&str]) {
    let mut own = InlineTable::new();
    own.insert("path", text(runtime));
    own.insert("package", Value::from(runtime_source::OWN_NAME));
    own.insert("features", Value::Array(Array::from_iter(features.iter().copied())));
    manifest["dependencies"]["kit-runtime"] = value(own);
}

/// The call that starts the migrator.
fn entry_of(sources: &Sources, project: &Project, path: &str) -> Result<String> {
    let Some(migrator) = &sources.migrator else {
        return Err(Error::NoMigrator {
            path: project.index.clone(),
            several: sources.migrators.clone(),
            hidden: sources.hidden_migrators.clone(),
        });
    };
    Ok(match (migrator.with_self, migrator.unit) {
        (false, _) => format!("kit_runtime::main::<{path}::{}>()", migrator.name),
        (true, true) => format!("kit_runtime::main_with({path}::{})", migrator.name),
        (true, false) => format!("kit_runtime::main_with(<{path}::{} as Default>::default())", migrator.name),
    })
}

/// A main.rs; `root` are items that stand before the modules.
pub(super) fn program(root: &str, modules: &[Included], entry: &str) -> String {
    let mut main = format!("// Generated by kit; every build writes it anew.\n#![allow(warnings)]\n\n{root}");
    for module in modules {
        main.push_str(&module.source());
        main.push('\n');
    }
    main.push_str(&format!("fn main() -> std::process::ExitCode {{\n    {entry}\n}}\n"));
    main
}

pub(super) fn text(path: &Path) -> Value {
    Value::from(path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_files::write;

    #[test]
    fn migrations_that_name_their_package_are_compiled_in_it() {
        for (text, in_package) in [
            ("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/sql/a.sql\"))", true),
            ("env!(\"CARGO_PKG_VERSION\")", true),
            ("include_str!(\"a.sql\")", false),
        ] {
            let root = tempfile::TempDir::new().unwrap();
            let root = root.path();
            write(root, "Cargo.toml", "[package]\nname = \"app\"\n[dependencies]\nsea-orm-migration = \"2.0\"\n");
            write(root, "src/lib.rs", "pub mod migrations;\n");
            write(root, "src/migrations/mod.rs", "mod m1;\npub struct Migrator;\nimpl MigratorTrait for Migrator {}\n");
            write(root, "src/migrations/m1.rs", &format!("fn f() -> &'static str {{ {text} }}\n"));
            let project = Project::find(root).unwrap();
            let generated = generate(&project, |_| root.join("runtime")).unwrap();
            assert_eq!(generated.package_root.is_some(), in_package, "{text}");
        }
    }

    #[test]
    fn a_package_has_the_library_under_whatever_name_it_uses() {
        for (manifest, library, has) in [
            ("", "", false),
            ("[dependencies]\nkit-runtime = { path = \"vendor/kit-runtime\" }\n", "", true),
            ("[dependencies]\nkit-runtime.workspace = true\n", "", true),
            ("[dependencies.kit_runtime]\npackage = \"other\"\nversion = \"1\"\n", "", true),
            ("[target.'cfg(unix)'.dependencies]\nkit-runtime = { path = \"x\", optional = true }\n", "", true),
            ("[dependencies]\nkit = { package = \"kit-runtime\", path = \"x\" }\n", "", false),
            (
                "[dependencies]\nkit = { package = \"kit-runtime\", path = \"x\" }\n",
                "extern crate kit as kit_runtime;\n",
                true,
            ),
        ] {
            let root = tempfile::TempDir::new().unwrap();
            let root = root.path();
            write(root, "Cargo.toml", &format!("[package]\nname = \"migration\"\n{manifest}"));
            let index = format!("{library}mod m1;\npub struct Migrator;\nimpl MigratorTrait for Migrator {{}}\n");
            write(root, "src/lib.rs", &index);
            write(root, "src/m1.rs", "use kit_runtime::schema::*;\n");
            write(root, "kit.toml", "[project]\nmigrations = \"src\"\n");
            let project = Project::find(root).unwrap();
            let package = Package::of(&project.index).unwrap();
            assert_eq!(check_library(&project, &package).is_ok(), has, "{manifest}{library}");
        }
    }
}
