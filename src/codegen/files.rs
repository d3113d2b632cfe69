//! The plan that brings the project's entity files up to date. It reads what is
//! there and returns a [`FilePlan`]; a file that kit did not write is never overwritten unasked, and the user's
//! half of an entity is written once. It connects to nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use quote::ToTokens;

use super::half::{Half, Sets};
use super::place::Place;
use super::recognise::has_banner;
use super::rustfmt::{self, Source};
use super::{DIAGRAM, Entities, EntityFormat, Options, additions, is_generated, is_same_code, merge, modules};
use crate::error::{Error, Registering, Result};
use crate::project::modules::{declare, declares};
use crate::project::{Project, read};
use crate::scaffold::FilePlan;
use crate::schema::model::Schema;

/// The generated files of the folder, kit's and sea-orm-cli's: names and texts.
///
/// # Errors
/// [`Error::File`].
pub fn generated(place: &Place) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let names = place.present()?.into_iter().chain(["prelude", "sea_orm_active_enums"].map(str::to_owned));
    for name in names.map(|name| format!("{name}.rs")) {
        let path = place.folder.join(&name);
        if path.is_file() {
            let text = read(&path)?;
            if is_generated(&text) || has_banner(&text) {
                files.push((name, text));
            }
        }
    }
    Ok(files)
}

/// Whether there is an entity in the folder that kit has not written.
///
/// # Errors
/// [`Error::File`].
pub fn has_others(place: &Place) -> Result<bool> {
    for module in place.present()? {
        if !is_generated(&read(&place.folder.join(format!("{module}.rs")))?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Passes if no file that a generator did not write is where a new entity, `module`, goes, and what it is declared in.
///
/// # Errors
/// [`Error::NotGenerated`], [`Error::File`].
pub fn check_free(place: &Place, module: &str) -> Result<()> {
    // A prelude by hand stays: such entities are recognised as having none.
    for (name, shared) in [(format!("{module}.rs"), false), (place.index.to_owned(), true)] {
        let path = place.folder.join(name);
        if path.is_file() && is_by_hand(&read(&path)?) {
            return Err(Error::NotGenerated { path, shared });
        }
    }
    Ok(())
}

/// Whether a file has content that no generator wrote.
fn is_by_hand(text: &str) -> bool {
    !text.trim().is_empty() && !is_generated(text) && !has_banner(text)
}

/// The root of the crate that has the entities, if kit does not write it and its `recursion_limit` is less than `limit`.
pub fn short_of_recursion(project: &Project, place: &Place, limit: usize) -> Option<PathBuf> {
    if place.index == "lib.rs" {
        return None;
    }
    let package = place.folder.ancestors().find(|folder| folder.join("Cargo.toml").is_file());
    let source = package.unwrap_or(&project.root).join("src");
    let root = ["lib.rs", "main.rs"].map(|name| source.join(name)).into_iter().find(|root| root.is_file())?;
    let text = read(&root).ok()?;
    let given = text.split_once("recursion_limit").and_then(|(_, rest)| rest.split('"').nth(1)?.parse::<usize>().ok());
    given.is_none_or(|given| given < limit).then_some(root)
}

/// What is to be written.
#[derive(Debug)]
pub struct Sync {
    /// The files.
    pub plan: FilePlan,
    /// Generated files whose tables are gone, or that nothing needs any more.
    pub stale: Vec<PathBuf>,
    /// Files of sea-orm-cli's that become kit's, with what a user has added to each and would be lost.
    pub adopted: Vec<Adopted>,
    /// Files that neither of them wrote and that are overwritten.
    pub foreign: Vec<PathBuf>,
}

/// A file of sea-orm-cli's that becomes kit's.
#[derive(Debug)]
pub struct Adopted {
    /// The file.
    pub path: PathBuf,
    /// What would be lost, as [`additions::lost`] names it.
    pub lost: Vec<String>,
}

/// What decides over files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Remove the entities of tables that are gone.
    pub prune: bool,
    /// Overwrite files that neither kit nor sea-orm-cli wrote.
    pub overwrite: bool,
    /// Keep derives, attributes and behaviour that the user has put into generated files.
    pub preserve: bool,
    /// Whether generated files have an `ActiveModelBehavior`; if nothing is said, where the user's half has none.
    pub behavior: Option<bool>,
}

/// The plan that puts `entities` in their `place`, of which those in `written` are new.
///
/// # Errors
/// [`Error::FileExists`], [`Error::Registration`], and those of [`FilePlan`].
pub fn plan(
    project: &Project,
    place: &Place,
    schema: &Schema,
    entities: &Entities,
    options: &Options,
    rules: Rules,
    written: impl Fn(&str) -> bool,
) -> Result<Sync> {
    let mut sync =
        Sync { plan: FilePlan::new(&place.root), stale: Vec::new(), adopted: Vec::new(), foreign: Vec::new() };
    let present = place.present()?;
    let living: BTreeSet<String> = modules(schema)
        .into_iter()
        .filter(|(table, _)| !entities.keyless.contains(table))
        .map(|(_, module)| module)
        .collect();
    for module in present.difference(&living) {
        let path = place.folder.join(format!("{module}.rs"));
        if is_generated(&read(&path)?) {
            sync.stale.push(path);
        }
    }
    let generated: BTreeSet<&String> = entities.tables.values().map(|(module, _)| module).collect();
    let others: BTreeSet<String> = present.iter().filter(|module| !generated.contains(module)).cloned().collect();
    for name in ["sea_orm_active_enums", "prelude"] {
        let path = place.folder.join(format!("{name}.rs"));
        if !entities.shared.contains_key(&format!("{name}.rs"))
            && path.is_file()
            && is_generated(&read(&path)?)
            && !is_used(place, &others, name)?
        {
            sync.stale.push(path);
        }
    }
    let gone: BTreeSet<String> = match rules.prune {
        true => sync.stale.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect(),
        false => BTreeSet::new(),
    };
    let own = place.own.as_ref().filter(|_| options.format != EntityFormat::Frontend);
    let mut files = Vec::new();
    let mut halves = Vec::new();
    for (table, (module, content)) in entities.tables.iter().filter(|(table, _)| written(table)) {
        let half = own.map(|_| project.root.join(format!("src/models/{module}.rs")));
        let has_behavior = match &half {
            Some(half) if half.is_file() => read(half)?.contains("ActiveModelBehavior for"),
            Some(_) => !rules.behavior.unwrap_or(false),
            None => false,
        };
        let behaves = rules.behavior.unwrap_or(!has_behavior) && options.format != EntityFormat::Frontend;
        let behavior = if behaves { "\nimpl ActiveModelBehavior for ActiveModel {}\n" } else { "" };
        let path = place.folder.join(format!("{module}.rs"));
        let mut content = content.clone();
        if rules.preserve && path.is_file() {
            content = merge(&read(&path)?, &content).map_err(|error| preserving(&path, error))?;
        }
        if !content.contains("ActiveModelBehavior for") {
            content += behavior;
        }
        if let Some(half) = half.filter(|half| !half.exists()) {
            let folder = place.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let database_sets = |name: &str| match schema.table(table).and_then(|table| table.column(name)) {
                Some(column) if column.generated.is_some() => Sets::Always,
                Some(column) if column.default.is_some() => Sets::OnInsert,
                _ => Sets::Never,
            };
            let text = Half {
                folder,
                module,
                generated: &content,
                behaves: !behaves,
                sync: options.sync,
                database_sets: &database_sets,
            };
            files.push(NewFile { path: half, content: text.text(), kind: FileKind::Half });
            halves.push(module.clone());
        }
        files.push(NewFile { path, content, kind: FileKind::Entity });
        debug_assert!(living.contains(module), "{table}");
    }
    let others: BTreeSet<String> = others.difference(&gone).cloned().collect();
    for (name, content) in &entities.shared {
        let is_index = name == "mod.rs" || name == "lib.rs";
        let path = place.folder.join(if is_index { place.index } else { name });
        let content = &match entities.recursion_limit.filter(|_| is_index && place.index == "lib.rs") {
            Some(limit) => content.replacen("pub mod", &format!("#![recursion_limit = \"{limit}\"]\n\npub mod"), 1),
            None => content.clone(),
        };
        let content = match path.is_file() && name != DIAGRAM {
            true => with_others(&path, content, &others)?,
            false => content.clone(),
        };
        let kind = match name.as_str() {
            DIAGRAM => FileKind::Diagram,
            _ if is_index => FileKind::Index,
            _ => FileKind::Entity,
        };
        files.push(NewFile { path, content, kind });
    }
    for file in formatted(files, place, options)? {
        match file.kind {
            FileKind::Half => sync.plan.create(&file.path, file.content)?,
            _ => write(&mut sync, &file.path, file.content, rules)?,
        }
    }
    for path in sync.stale.iter().filter(|_| rules.prune) {
        sync.plan.remove(path)?;
    }
    if let Some(index) = own {
        register(&mut sync.plan, project, place, index, &halves)?;
    }
    Ok(sync)
}

/// A file to write, before it is formatted.
struct NewFile {
    path: PathBuf,
    content: String,
    kind: FileKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    /// An entity, the prelude or the enums.
    Entity,
    /// `mod.rs` or `lib.rs`.
    Index,
    /// The user's half of an entity, which is written once.
    Half,
    /// [`DIAGRAM`], which is not Rust.
    Diagram,
}

/// The files as rustfmt leaves them. A generated file that is there and differs only in its layout stays as it is.
fn formatted(mut files: Vec<NewFile>, place: &Place, options: &Options) -> Result<Vec<NewFile>> {
    let mut sources = Vec::new();
    for file in files.iter_mut().filter(|file| file.kind != FileKind::Diagram) {
        if file.kind != FileKind::Half && file.path.is_file() {
            let there = read(&file.path)?;
            if is_generated(&there) && is_same_code(&there, &file.content) {
                file.content = there;
                continue;
            }
        }
        sources.push(Source { declares_modules: file.kind == FileKind::Index, text: &mut file.content });
    }
    rustfmt::format(sources, &place.folder, options.edition.as_deref().unwrap_or("2021"));
    Ok(files)
}

/// Whether one of `modules` names `name`.
fn is_used(place: &Place, modules: &BTreeSet<String>, name: &str) -> Result<bool> {
    for module in modules {
        if read(&place.folder.join(format!("{module}.rs")))?.contains(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn preserving(path: &Path, error: Error) -> Error {
    match error {
        Error::Codegen { message } => Error::Unreadable { path: path.to_owned(), message },
        other => other,
    }
}

/// Plans a generated file, unless a user has written what is there.
fn write(sync: &mut Sync, path: &Path, content: String, rules: Rules) -> Result<()> {
    if path.is_file() {
        let there = read(path)?;
        if is_by_hand(&there) {
            if !rules.overwrite {
                return Err(Error::FileExists { path: path.to_owned() });
            }
            sync.foreign.push(path.to_owned());
        } else if has_banner(&there) && !is_generated(&there) {
            let unreadable =
                |error: syn::Error| Error::Unreadable { path: path.to_owned(), message: error.to_string() };
            let lost = additions::lost(&there, &content).map_err(unreadable)?;
            sync.adopted.push(Adopted { path: path.to_owned(), lost });
        }
    }
    sync.plan.write(path, content)
}

/// The new content, and from the present one the lines of modules that stay beside those that are generated.
fn with_others(path: &Path, content: &str, others: &BTreeSet<String>) -> Result<String> {
    let unreadable = |error: syn::Error| Error::Unreadable { path: path.to_owned(), message: error.to_string() };
    let present = syn::parse_file(&read(path)?).map_err(unreadable)?;
    let mut text = content.to_owned();
    for item in present.items {
        let module = match &item {
            syn::Item::Mod(module) => module.ident.to_string(),
            syn::Item::Use(one) => {
                let path = one.tree.to_token_stream().to_string();
                path.split("::").nth(1).unwrap_or_default().trim().to_owned()
            }
            _ => continue,
        };
        if others.contains(module.trim_start_matches("r#")) {
            let items = vec![item];
            text += &prettyplease::unparse(&syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items });
        }
    }
    Ok(text)
}

/// Declares the folder and new halves in the models' own index, and that in the library.
fn register(plan: &mut FilePlan, project: &Project, place: &Place, index: &Path, halves: &[String]) -> Result<()> {
    let folder = place.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let new = !index.exists();
    let mut text = if new { String::new() } else { read(index)? };
    let modules: Vec<&str> = std::iter::once(folder).chain(halves.iter().map(String::as_str)).collect();
    text = declared(index, &text, &modules)?;
    plan.write(index, text)?;
    let roots = ["src/lib.rs", "src/main.rs"].map(|path| project.root.join(path));
    if let Some(root) = roots.iter().find(|path| path.is_file()).filter(|_| new) {
        let text = declared(root, &read(root)?, &["models"])?;
        plan.write(root, text)?;
    }
    Ok(())
}

/// The text with those of the modules that it does not declare yet, all at once: reading it for each takes seconds where
/// there are a thousand.
fn declared(path: &Path, text: &str, modules: &[&str]) -> Result<String> {
    let missing: Vec<&str> = modules.iter().copied().filter(|module| declares(text, module) != Some(true)).collect();
    let Some(first) = missing.first() else { return Ok(text.to_owned()) };
    let lines: String = missing.iter().map(|module| format!("pub mod {module};\n")).collect();
    declare(text, &lines).ok_or_else(|| Error::Registration {
        edit: Registering::Register,
        path: path.to_owned(),
        module: (*first).to_owned(),
        reason: "kit does not find its way in it".to_owned(),
        lines,
    })
}
