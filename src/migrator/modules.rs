//! Modules of an application, followed from its root file: where the migrations are in it, and which
//! other modules they name through `crate::…`. It reads sources and changes none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::package::Package;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::project::modules::{child_folder, files_in};

/// A module to include by path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// Its path from the crate's root.
    pub path: Vec<String>,
    /// Its file.
    pub file: PathBuf,
}

impl Included {
    /// The folder and the stem of a file `name.rs` whose modules are in `name/`.
    fn beside_its_folder(&self) -> Option<(String, String)> {
        let (folder, stem) = (self.file.parent()?, self.file.file_stem()?.to_str()?);
        let has_folder = !matches!(stem, "mod" | "lib" | "main") && folder.join(stem).is_dir();
        (has_folder && syn::parse_str::<syn::Ident>(stem).is_ok())
            .then(|| (folder.to_string_lossy().into_owned(), stem.to_owned()))
    }

    /// The declaration, in as many inline modules as its path is deep.
    pub fn source(&self) -> String {
        let Some((name, outer)) = self.path.split_last() else { return String::new() };
        // `{:?}` of a path's text is a Rust string literal.
        let mut source = match self.beside_its_folder() {
            // Named by `path`, such a file would look for its modules beside itself.
            Some((folder, stem)) => format!(
                "#[path = {folder:?}]\nmod kit_{stem} {{\npub mod {stem};\n}}\npub use kit_{stem}::{stem} as {name};"
            ),
            None => format!("#[path = {:?}]\npub mod {name};", self.file.to_string_lossy()),
        };
        for module in outer.iter().rev() {
            source = format!("pub mod {module} {{\n{source}\n}}");
        }
        source
    }
}

/// The migrations' module and those it needs.
#[derive(Debug)]
pub struct Inclusion {
    /// Path of the migrations' module from the crate's root.
    pub path: Vec<String>,
    /// What to include, the migrations first.
    pub modules: Vec<Included>,
    /// Every identifier in the included sources.
    pub names: BTreeSet<String>,
}

/// The module path from a crate's root file to another file, if `mod` declarations lead there.
pub fn path_to(root: &Path, file: &Path) -> Option<Vec<String>> {
    if same_file(root, file) {
        return Some(Vec::new());
    }
    let folder = root.parent()?;
    descend(root, folder, file, 12)
}

/// A name after `crate::`.
pub struct CrateUse {
    /// The name.
    pub name: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Returns the first name through `crate::…` in a migrations folder that is outside of it, with its file.
pub fn first_use_of_crate(folder: &Path) -> Option<(PathBuf, CrateUse)> {
    let own = folder.file_name().unwrap_or_default();
    let mut files = rust_files(folder);
    files.sort();
    files.into_iter().find_map(|file| {
        let used = crate_names(tokens_of(&file)).into_iter().find(|used| *used.name != *own)?;
        Some((file, used))
    })
}

/// Includes the migrations by path, with every module of the application that they name.
///
/// # Errors
/// [`Error::Unreachable`] if they name something of the application's root that is no module.
pub fn include(package: &Package, project: &Project) -> Result<Inclusion> {
    let root = package.root_files().into_iter().find_map(|root| Some((path_to(&root, &project.index)?, root)));
    let folder_name = project.migrations().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (path, root) = match root {
        Some((path, root)) if !path.is_empty() => (path, Some(root)),
        // They are in no module, or in the root of a library that nothing can be linked with.
        _ => (vec![folder_name], None),
    };
    let first = Included { path: path.clone(), file: project.index.clone() };
    let (modules, names) = gather(root.as_deref(), project, vec![first])?;
    Ok(Inclusion { path, modules, names })
}

/// `first` with every module of the root file that they name through `crate::…`, and all identifiers in them.
///
/// # Errors
/// [`Error::Unreachable`] if they name something of the root that is no module.
pub fn gather(
    root: Option<&Path>,
    project: &Project,
    first: Vec<Included>,
) -> Result<(Vec<Included>, BTreeSet<String>)> {
    let declared = root.map(declared_modules).unwrap_or_default();
    let mut queue: Vec<PathBuf> = first.iter().flat_map(|module| files_of(&module.file)).collect();
    let mut seen: Vec<String> = first.iter().filter_map(|module| module.path.first().cloned()).collect();
    let from = first.first().and_then(|module| module.file.parent()).unwrap_or(&project.root).to_owned();
    let mut modules = first;
    let mut names = BTreeSet::new();
    while let Some(file) = queue.pop() {
        let tokens = tokens_of(&file);
        collect_names(tokens.clone(), &mut names);
        for CrateUse { name, .. } in crate_names(tokens) {
            if seen.contains(&name) {
                continue;
            }
            let Some(module) = declared.get(&name) else {
                return Err(Error::Unreachable {
                    path: from,
                    reason: format!("they use `crate::{name}`, which is not a module of {}", place(root, project)),
                });
            };
            queue.extend(files_of(module));
            modules.push(Included { path: vec![name.clone()], file: module.clone() });
            seen.push(name);
        }
    }
    Ok((modules, names))
}

/// All identifiers in a module's file and every source below its folder, and those of them that follow `crate::`.
pub fn names_in(module: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut all, mut of_the_crate) = (BTreeSet::new(), BTreeSet::new());
    for file in files_of(module) {
        let tokens = tokens_of(&file);
        collect_names(tokens.clone(), &mut all);
        of_the_crate.extend(crate_names(tokens).into_iter().map(|used| used.name));
    }
    (all, of_the_crate)
}

fn place(root: Option<&Path>, project: &Project) -> String {
    root.map_or_else(|| "the package".to_owned(), |root| project.relative(root))
}

fn descend(file: &Path, folder: &Path, goal: &Path, depth: usize) -> Option<Vec<String>> {
    if depth == 0 {
        return None;
    }
    for (name, child) in files_in(file, folder) {
        let below = if same_file(&child, goal) {
            Some(Vec::new())
        } else {
            descend(&child, &child_folder(&child, &name), goal, depth - 1)
        };
        if let Some(below) = below {
            return Some(std::iter::once(name).chain(below).collect());
        }
    }
    None
}

fn declared_modules(root: &Path) -> BTreeMap<String, PathBuf> {
    files_in(root, root.parent().unwrap_or(Path::new("."))).into_iter().collect()
}

/// A module's file and every source below its folder.
pub fn files_of(module: &Path) -> Vec<PathBuf> {
    let name = module.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = rust_files(&child_folder(module, &name));
    files.push(module.to_owned());
    files
}

pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// A file's tokens; one that does not lex has none, and the compiler will say so.
pub fn tokens_of(file: &Path) -> TokenStream {
    let tokens = fs::read_to_string(file).ok().and_then(|text| text.parse().ok());
    tokens.unwrap_or_default()
}

fn collect_names(tokens: TokenStream, names: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect_names(group.stream(), names),
            TokenTree::Ident(name) => {
                names.insert(name.to_string());
            }
            _ => {}
        }
    }
}

/// The names that follow `crate::`.
fn crate_names(tokens: TokenStream) -> Vec<CrateUse> {
    let mut names = Vec::new();
    collect(tokens, &mut names);
    names
}

fn collect(tokens: TokenStream, names: &mut Vec<CrateUse>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Ident(word) if word == "crate" => match tokens.get(at + 1..at + 4) {
                Some([TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(name)])
                    if a.as_char() == ':' && b.as_char() == ':' =>
                {
                    names.push(CrateUse { name: name.to_string(), line: name.span().start().line });
                }
                // `use crate::{a, b::c}`
                Some([TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Group(group)])
                    if a.as_char() == ':' && b.as_char() == ':' =>
                {
                    names.extend(first_names(group.stream()));
                }
                _ => {}
            },
            _ => {}
        }
    }
}

fn first_names(group: TokenStream) -> Vec<CrateUse> {
    let mut names = Vec::new();
    let mut first = true;
    for token in group {
        match token {
            TokenTree::Ident(name) if first => {
                names.push(CrateUse { name: name.to_string(), line: name.span().start().line });
                first = false;
            }
            TokenTree::Punct(mark) if mark.as_char() == ',' => first = true,
            _ => {}
        }
    }
    names
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
