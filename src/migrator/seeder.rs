//! The crate that runs a project's seeders, as text. Their modules are included by path, together with the factories; what they
//! name through `crate::…` is the application's library, all of whose public names stand in the crate's root, or its modules,
//! included as well. It writes nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Value, value};

use super::fingerprint;
use super::generate::{Generated, add_runtime, frame, program, text};
use super::modules::{Included, gather, names_in};
use super::package::Package;
use crate::error::Result;
use crate::project::sea_orm::Major;
use crate::project::seeders::{Seeders, SourceSeeder, factories};
use crate::project::{Project, read};

/// A library of the user's, by path.
struct Library {
    /// What Cargo.toml calls it.
    package: String,
    /// What Rust calls it.
    name: String,
    folder: PathBuf,
}

/// Generates the crate; `runtime` is where the sources of kit-runtime will be.
///
/// # Errors
/// [`crate::error::Error::Unreachable`], [`crate::error::Error::SeaOrm`], and those of reading files.
pub fn generate(project: &Project, seeders: &Seeders, runtime: impl Fn(Major) -> PathBuf) -> Result<Generated> {
    let home = Package::of(&seeders.index)?;
    // As for the migrations: a workspace says nothing of versions.
    let release = Package::of(&project.index)?.sea_orm(&project.root)?;
    let sea_orm = release.major;
    let name = format!("kit-seeder-{}", &fingerprint::key(&[&seeders.index.to_string_lossy()])[..12]);
    let first: Vec<Included> = [("seeders", seeders.index.clone()), ("factories", factories(&project.root))]
        .into_iter()
        .filter(|(_, file)| file.is_file())
        .map(|(name, file)| Included { path: vec![name.to_owned()], file })
        .collect();
    let (mut names, of_the_crate) = names_of(&first);
    let own = library(&home).filter(|_| home.library().is_some_and(|root| reaches(&root, &of_the_crate)));
    let modules = match &own {
        Some(_) => first,
        None => {
            let root = home.root_files().into_iter().next();
            let (modules, all) = gather(root.as_deref(), project, first)?;
            names = all;
            modules
        }
    };
    // The entities may be a crate of their own.
    let entities = Package::of(&project.entities().join("mod.rs")).ok();
    let entities = entities.filter(|package| package.root != home.root);
    let apart = entities.as_ref().and_then(library).filter(|it| names.contains(&it.name));

    let manifest = |used: &dyn Fn(&str) -> bool| {
        let mut manifest = frame(&name, &home.edition());
        home.copy_features(&mut manifest);
        if let Some(entities) = entities.as_ref().filter(|_| apart.is_some()) {
            entities.copy_dependencies(&mut manifest, &release, used);
        }
        home.copy_dependencies(&mut manifest, &release, used);
        for library in own.iter().chain(&apart) {
            library.add(&mut manifest);
        }
        add_runtime(&mut manifest, &runtime(sea_orm), &[release.runtime_features(), vec!["seed"]].concat());
        home.copy_patches(&mut manifest);
        manifest.to_string()
    };
    let (lean, full) = (manifest(&|name| names.contains(name)), manifest(&|_| true));
    let root = own.as_ref().map(|own| format!("pub use {}::*;\n\n", own.name)).unwrap_or_default();
    Ok(Generated {
        full_manifest: (full != lean).then_some(full),
        whole_package: None,
        manifest: lean,
        main: program(&root, &modules, &entry(&seeders.list)),
        lock: home.lock(),
        package_root: Some(home.root.clone()),
        name,
        sea_orm: release,
    })
}

impl Library {
    fn add(&self, manifest: &mut DocumentMut) {
        let mut own = InlineTable::new();
        own.insert("path", text(&self.folder));
        own.insert("package", Value::from(self.package.as_str()));
        manifest["dependencies"][self.name.as_str()] = value(own);
    }
}

/// The library of a package, if it has one.
fn library(package: &Package) -> Option<Library> {
    package.library()?;
    Some(Library { package: package.name().ok()?, name: package.library_name()?, folder: package.root.clone() })
}

/// Whether what `names` says of the library can be reached from outside: no module of that name is private.
fn reaches(root: &Path, names: &BTreeSet<String>) -> bool {
    let Some(file) = read(root).ok().and_then(|text| syn::parse_file(&text).ok()) else { return false };
    !file.items.iter().any(|item| match item {
        syn::Item::Mod(module) => {
            matches!(module.vis, syn::Visibility::Inherited) && names.contains(&module.ident.to_string())
        }
        _ => false,
    })
}

fn names_of(modules: &[Included]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut names, mut of_the_crate) = (BTreeSet::new(), BTreeSet::new());
    for (all, own) in modules.iter().map(|module| names_in(&module.file)) {
        names.extend(all);
        of_the_crate.extend(own);
    }
    (names, of_the_crate)
}

/// The call that starts the program.
fn entry(list: &[SourceSeeder]) -> String {
    let entries = list.iter().map(|seeder| {
        let path = format!("crate::seeders::{}", seeder.path.join("::"));
        match seeder.unit {
            true => format!("kit_runtime::seeding::Entry::new(|| {path})"),
            false => format!("kit_runtime::seeding::Entry::new(<{path} as Default>::default)"),
        }
    });
    format!("kit_runtime::seeding::main(&[{}])", entries.collect::<Vec<_>>().join(", "))
}
