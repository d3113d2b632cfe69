//! The project's migrations as their sources say: names, files and order, without a compiler. It returns
//! what can be told from the files alone; where that is not all, the list is `None` and only the built
//! migrator knows it. It does not know the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use kit_runtime::ledger::LEDGER;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ImplItem, Item, ItemMod, Lit, Meta};

use super::checksum::{checksum, checksum_with_included};
use super::included;
use super::index::{self, Index, Tail};
use super::template::{self, Naming};
use super::{Project, read as read_text};
use crate::error::{Error, HiddenMigrator, Result};

pub use super::index::module_folder;

/// One migration as the sources show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMigration {
    /// The name in the ledger.
    pub name: String,
    /// Its file; one in the index file itself has none, nor has one that only the built migrator named.
    pub file: Option<PathBuf>,
    /// What stands in the file.
    pub text: Option<String>,
}

impl SourceMigration {
    /// One of which no more than the name is known.
    pub fn named(name: String) -> Self {
        Self { name, file: None, text: None }
    }

    /// Whether the Migrator lists it and its file is not there.
    pub fn is_gone(&self) -> bool {
        self.file.is_some() && self.text.is_none()
    }

    /// Returns its source and the text of the files that it includes. Reads those files.
    pub fn texts(&self) -> Vec<String> {
        let Some(text) = &self.text else { return Vec::new() };
        let included = self.file.iter().flat_map(|file| included::files(text, file)).filter_map(|one| one.content);
        let included = included.map(|content| String::from_utf8_lossy(&content).into_owned());
        std::iter::once(text.clone()).chain(included).collect()
    }
}

/// What the sources say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// In the Migrator's own order; `None` where the list cannot be read without running it.
    pub registered: Option<Vec<SourceMigration>>,
    /// Files that look like migrations and are not registered.
    pub unregistered: Vec<SourceMigration>,
    /// The ledger's table; `None` where `migration_table_name()` cannot be read without running it.
    pub ledger_table: Option<String>,
    /// The type that lists the migrations.
    pub migrator: Option<Migrator>,
    /// The other types of the file that list migrations.
    pub migrators: Vec<String>,
    /// Where there is no such type: what may be one that kit does not read.
    pub hidden_migrators: Vec<HiddenMigrator>,
    /// Modules of the index file that have no file, in its order: they do not compile.
    pub gone: Vec<GoneModule>,
}

/// A `mod name;` without a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneModule {
    /// Its name.
    pub module: String,
    /// Where Rust would look first.
    pub file: PathBuf,
    /// The line of the declaration, counted from 1.
    pub declared: usize,
    /// The line of its element of the list.
    pub listed: Option<usize>,
}

/// The type that implements `MigratorTrait` or `MigratorTraitSelf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrator {
    /// Its name.
    pub name: String,
    /// It implements `MigratorTraitSelf`: its list needs a value of it.
    pub with_self: bool,
    /// It is a unit struct, whose name is that value.
    pub unit: bool,
}

impl Sources {
    /// The Migrator's names, where the sources tell.
    pub fn names(&self) -> Option<Vec<String>> {
        Some(self.registered.as_ref()?.iter().map(|migration| migration.name.clone()).collect())
    }

    /// The full name of a migration given as a name, a file, or a part that only one name has.
    ///
    /// # Errors
    /// [`Error::NoSuchMigration`].
    pub fn resolve(&self, given: &str) -> Result<String> {
        let stem = Path::new(given).file_stem().map_or(given.into(), |stem| stem.to_string_lossy());
        let Some(names) = self.names() else { return Ok(stem.into_owned()) };
        if names.iter().any(|name| *name == stem) {
            return Ok(stem.into_owned());
        }
        let similar: Vec<String> = names.into_iter().filter(|name| name.contains(&*stem)).collect();
        match similar.as_slice() {
            [one] if !stem.is_empty() => Ok(one.clone()),
            _ => Err(Error::NoSuchMigration { name: given.to_owned(), similar }),
        }
    }

    /// Checksum of each migration's source and of the files that it includes, by name. Reads those files.
    pub fn checksums(&self) -> BTreeMap<String, String> {
        let migrations = self.registered.iter().flatten().chain(&self.unregistered);
        let of = |one: &SourceMigration| match (&one.text, &one.file) {
            (Some(text), Some(file)) => Some(checksum_with_included(text, file)),
            (Some(text), None) => Some(checksum(text)),
            (None, _) => None,
        };
        migrations.filter_map(|one| Some((one.name.clone(), of(one)?))).collect()
    }
}

/// Reads the project's migrations.
///
/// # Errors
/// [`crate::error::Error::Unreadable`] where the index file is no Rust, [`crate::error::Error::File`].
pub fn read(project: &Project) -> Result<Sources> {
    let path = &project.index;
    let index = Index::parse(path, &read_text(path)?)?;
    let modules: Modules = index.modules().map(|module| (module.ident.to_string(), module)).collect();
    let mut listed = HashSet::new();
    let mut sources =
        Sources { ledger_table: Some(LEDGER.to_owned()), gone: gone(project, &index), ..Sources::default() };
    let chosen = index.migrator(project.chosen_migrator());
    let is_chosen = |name: &String| chosen.as_ref().is_ok_and(|chosen| chosen.name == *name);
    let mut elsewhere = HashSet::new();
    for other in index.migrators().into_iter().filter(|other| !is_chosen(&other.name)) {
        let list = other.list().map(|list| list.elements).unwrap_or_default();
        let modules = list.iter().filter_map(boxed).filter_map(|(module, _)| modules.get(&module).copied());
        elsewhere.extend(modules.filter_map(|module| file_of(path, module)));
        sources.migrators.push(other.name);
    }
    if chosen.is_err() {
        sources.hidden_migrators = index.hidden_migrators();
    }
    if let Ok(migrator) = chosen {
        let unit = index.file.items.iter().any(|item| match item {
            Item::Struct(of) => of.ident == migrator.name && matches!(of.fields, syn::Fields::Unit),
            _ => false,
        });
        sources.migrator = Some(Migrator { name: migrator.name.clone(), with_self: migrator.with_self, unit });
        if let Some(table) = migrator.ledger() {
            sources.ledger_table = table;
        }
        if let Ok(list) = migrator.list()
            && sources.ledger_table.is_some()
        {
            sources.registered =
                list.elements.iter().map(|element| registered(path, &modules, element)).collect::<Option<_>>();
            if sources.registered.is_some() {
                listed.extend(list.elements.iter().filter_map(boxed).map(|(module, _)| module));
            }
        }
    }
    let rest = index.modules().filter(|module| !listed.contains(&module.ident.to_string()));
    sources.unregistered = unregistered(path, rest, sources.registered.as_deref());
    // A migration that another Migrator of the file lists is registered, too.
    sources.unregistered.retain(|one| !one.file.as_ref().is_some_and(|file| elsewhere.contains(file)));
    Ok(sources)
}

/// Modules without a file. One that is compiled under a condition may rightly have none.
fn gone(project: &Project, index: &Index) -> Vec<GoneModule> {
    let path = &project.index;
    let list = index
        .migrator(project.chosen_migrator())
        .and_then(|migrator| migrator.list())
        .map(|list| list.elements)
        .unwrap_or_default();
    let without_file =
        |module: &&ItemMod| module.content.is_none() && !has_cfg(&module.attrs) && file_of(path, module).is_none();
    let of = |module: &ItemMod| {
        let name = module.ident.to_string();
        let element = list.iter().find(|element| boxed(element).is_some_and(|(listed, _)| listed == name));
        let file = match path_attribute(module) {
            Some(given) => path.with_file_name(given),
            None => module_folder(path).join(format!("{}.rs", name.strip_prefix("r#").unwrap_or(&name))),
        };
        GoneModule {
            file,
            declared: module.ident.span().start().line,
            listed: element.map(|element| element.span().start().line),
            module: name,
        }
    };
    index.modules().filter(without_file).map(of).collect()
}

/// Passes if every module of the index file has a file.
///
/// # Errors
/// [`Error::MissingFile`] for the first that has none, and those of [`read`].
pub fn check_files(project: &Project) -> Result<()> {
    let path = &project.index;
    let Some(gone) = gone(project, &Index::parse(path, &read_text(path)?)?).into_iter().next() else { return Ok(()) };
    let at = |line: usize| format!("{}:{line}", project.relative(path));
    Err(Error::MissingFile {
        module: gone.module,
        file: project.relative(&gone.file),
        declared: at(gone.declared),
        listed: gone.listed.map(at),
    })
}

/// The modules that the index file declares, by name.
type Modules<'a> = HashMap<String, &'a ItemMod>;

/// Files and folders in `folder` that are named as migrations are, without extension, in name order.
pub fn candidates(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(String, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let name = entry.file_name().into_string().ok()?;
            let (stem, path) = match name.strip_suffix(".rs") {
                Some(stem) => (stem.to_owned(), path),
                None => (name.clone(), path.join("mod.rs")),
            };
            // The entry itself mostly knows, and is not asked of the disk again.
            let plain = name.ends_with(".rs") && entry.file_type().is_ok_and(|kind| kind.is_file());
            (name_of_migration(&stem).is_some() && (plain || path.is_file())).then_some((stem, path))
        })
        .collect();
    found.sort();
    found
}

/// The names of the modules that an index file declares.
///
/// # Errors
/// [`crate::error::Error::Unreadable`] where its text is no Rust.
pub fn declared(path: &Path, text: &str) -> Result<Vec<String>> {
    Ok(Index::parse(path, text)?.modules().map(|module| module.ident.to_string()).collect())
}

/// The name of the module whose file is `file`, as the index file declares it.
///
/// # Errors
/// [`crate::error::Error::Unreadable`] where its text is no Rust.
pub fn module_of_file(path: &Path, text: &str, file: Option<&Path>) -> Result<Option<String>> {
    let Some(file) = file else { return Ok(None) };
    let index = Index::parse(path, text)?;
    let declared = index.modules().find(|module| file_of(path, module).as_deref() == Some(file));
    Ok(declared.map(|module| module.ident.to_string()))
}

/// What comes after the timestamp or number: `create_posts` of `m20260101_000000_create_posts` and `m00001_create_posts`.
pub fn name_of_migration(stem: &str) -> Option<&str> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = stem.strip_prefix(['m', 'M'])?;
    let rest = match digits(rest) {
        0 => return None,
        count => rest[count..].strip_prefix('_')?,
    };
    match digits(rest) {
        0 => Some(rest),
        count => Some(rest[count..].strip_prefix('_').unwrap_or(rest)),
    }
}

/// Module and type of `Box::new(module::Migration)`, whatever leads to the module.
pub(super) fn boxed(element: &Expr) -> Option<(String, String)> {
    let Expr::Call(call) = element else { return None };
    let Expr::Path(function) = &*call.func else { return None };
    let words: Vec<String> = function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    if !matches!(words.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), [.., "Box", "new"]) {
        return None;
    }
    let Some(Expr::Path(migration)) = call.args.first() else { return None };
    let mut segments = migration.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let (name, module) = (segments.next()?, segments.next()?);
    let own = segments.all(|word| matches!(word.as_str(), "self" | "crate" | "migrations" | "migration" | "migrator"));
    own.then_some((module, name))
}

/// An element of the list; `None` if only the compiler knows its name.
fn registered(path: &Path, modules: &Modules, element: &Expr) -> Option<SourceMigration> {
    let Expr::Call(call) = element else { return None };
    if !call.attrs.is_empty() {
        return None;
    }
    let (module, migration) = boxed(element)?;
    let declared = modules.get(&module)?;
    if has_cfg(&declared.attrs) {
        return None;
    }
    if let Some((_, items)) = &declared.content {
        return Some(SourceMigration::named(ledger_name(items, &migration, path)?));
    }
    let Some(file) = file_of(path, declared) else {
        // Deleted, but still in the list. Files are named as their migrations almost always are.
        let file = module_folder(path).join(format!("{module}.rs"));
        return Some(SourceMigration { name: module, file: Some(file), text: None });
    };
    let text = read_text(&file).ok()?;
    let name = match template::naming(&text, &migration) {
        Some(Naming::Stem) => stem(&file)?,
        Some(Naming::Literal(name)) => name,
        None => ledger_name(&Index::parse(&file, &text).ok()?.file.items, &migration, &file)?,
    };
    Some(SourceMigration { name, file: Some(file), text: Some(text) })
}

fn has_cfg(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
}

/// What `#[path = "…"]` of a module names.
fn path_attribute(declared: &ItemMod) -> Option<String> {
    declared.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => index::literal(&meta.value),
        _ => None,
    })
}

/// The file of a `mod name;`.
fn file_of(index: &Path, declared: &ItemMod) -> Option<PathBuf> {
    if let Some(given) = path_attribute(declared) {
        // Relative to the folder of the file that declares it, whatever that file is called.
        return Some(index.parent()?.join(given)).filter(|file| file.is_file());
    }
    let folder = module_folder(index);
    let ident = declared.ident.to_string();
    let name = ident.strip_prefix("r#").unwrap_or(&ident);
    [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")].into_iter().find(|file| file.is_file())
}

/// What `MigrationName::name` of the type returns: sea-orm-macros derives it as the stem of `file!()`,
/// which for a folder's mod.rs is `mod`.
fn ledger_name(items: &[Item], migration: &str, file: &Path) -> Option<String> {
    for item in items {
        match item {
            Item::Struct(of) if of.ident == migration && derives_name(&of.attrs) => return stem(file),
            Item::Enum(of) if of.ident == migration && derives_name(&of.attrs) => return stem(file),
            Item::Impl(of)
                if index::type_name(&of.self_ty) == migration
                    && index::trait_name(of).as_deref() == Some("MigrationName") =>
            {
                let function = of.items.iter().find_map(|item| match item {
                    ImplItem::Fn(function) if function.sig.ident == "name" => Some(function),
                    _ => None,
                })?;
                return match index::tail(&function.block)? {
                    Tail::Expr(Expr::Lit(literal)) => match &literal.lit {
                        Lit::Str(name) => Some(name.value()),
                        _ => None,
                    },
                    Tail::Expr(Expr::Call(call)) if is_file_stem(call) => stem(file),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    None
}

fn stem(file: &Path) -> Option<String> {
    Some(file.file_stem()?.to_str()?.to_owned())
}

/// What the derive writes, written by hand.
fn is_file_stem(call: &syn::ExprCall) -> bool {
    let of_file = matches!(call.args.first(), Some(Expr::Macro(argument)) if argument.mac.path.is_ident("file"));
    of_file
        && matches!(&*call.func, Expr::Path(path)
            if path.path.segments.last().is_some_and(|segment| segment.ident == "get_file_stem"))
}

fn derives_name(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        let mut found = false;
        // What cannot be read as a list of paths derives nothing.
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.segments.last().is_some_and(|segment| segment.ident == "DeriveMigrationName");
            Ok(())
        });
        found
    })
}

/// What looks like a migration in the folder or among the modules that are not in the list.
fn unregistered<'a>(
    path: &Path,
    rest: impl Iterator<Item = &'a ItemMod>,
    registered: Option<&[SourceMigration]>,
) -> Vec<SourceMigration> {
    let declared = rest.filter_map(|module| file_of(path, module));
    let looking = candidates(&module_folder(path)).into_iter().map(|(_, file)| file);
    let files: BTreeSet<PathBuf> = match registered {
        Some(registered) => {
            let known: HashSet<&PathBuf> = registered.iter().filter_map(|one| one.file.as_ref()).collect();
            let unknown = looking.chain(declared.filter(|file| implements_migration(file)));
            unknown.filter(|file| !known.contains(file)).collect()
        }
        // Without the list, what is declared may well be in it.
        None => {
            let declared: HashSet<PathBuf> = declared.collect();
            looking.filter(|file| !declared.contains(file)).collect()
        }
    };
    files.into_iter().filter_map(loose).collect()
}

fn implements_migration(file: &Path) -> bool {
    let Ok(parsed) = read_text(file).and_then(|text| Index::parse(file, &text)) else { return false };
    parsed
        .file
        .items
        .iter()
        .any(|item| matches!(item, Item::Impl(of) if index::trait_name(of).as_deref() == Some("MigrationTrait")))
}

/// An unregistered file, under the name it would have in the ledger; the one it looks like where that cannot be told.
fn loose(file: PathBuf) -> Option<SourceMigration> {
    let text = read_text(&file).ok();
    let parsed = text.as_ref().and_then(|text| Index::parse(&file, text).ok());
    let named = parsed.and_then(|parsed| {
        parsed.file.items.iter().find_map(|item| match item {
            Item::Impl(of) if index::trait_name(of).as_deref() == Some("MigrationTrait") => {
                ledger_name(&parsed.file.items, &index::type_name(&of.self_ty), &file)
            }
            _ => None,
        })
    });
    let stem = file.file_stem()?.to_str()?;
    let looks = if stem == "mod" { file.parent()?.file_name()?.to_str()? } else { stem };
    Some(SourceMigration { name: named.unwrap_or_else(|| looks.to_owned()), text, file: Some(file) })
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
