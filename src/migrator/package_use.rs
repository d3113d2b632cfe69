//! Finds what sources use of the package that they are compiled in: features, variables of cargo and of build scripts, macros,
//! modules above their folder. In another package these have another meaning or are missing. It decides nothing.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::modules::{files_of, rust_files, tokens_of};
use crate::project::modules::child_folder;

/// What the sources of a module use of their package.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PackageUse {
    /// They are compiled under conditions on its features.
    pub features: bool,
    /// Everything else, a phrase each, sorted: only the package itself has it.
    pub rest: BTreeSet<String>,
}

impl PackageUse {
    /// Reads a module and the files below its folder. A package whose build script can set variables of its own has
    /// `has_build_script`; the others of `env!` are those of the process, in every package.
    pub fn of(index: &Path, package_root: &Path, has_build_script: bool) -> Self {
        let files = files_of(index);
        let (mut found, mut called, mut own) = (Self::default(), BTreeSet::new(), BTreeSet::new());
        for file in &files {
            let tokens = tokens_of(file);
            collect_macros(tokens.clone(), &mut own);
            visit(tokens, depth_below(index, file), &mut |use_| match use_ {
                Use::Feature => found.features = true,
                Use::Variable(name) if has_build_script || is_of_cargo(&name) => {
                    found.rest.insert(format!("`env!(\"{name}\")`"));
                }
                Use::Variable(_) => {}
                Use::Above => drop(found.rest.insert("`super::` above their folder".to_owned())),
                Use::Macro(name) => drop(called.insert(name)),
            });
        }
        called.retain(|name| !own.contains(name) && !OF_RUST.contains(&name.as_str()));
        // A large application has many files: they are read only if a macro could be theirs.
        if !called.is_empty() {
            let theirs = package_macros(package_root, &files);
            found.rest.extend(called.intersection(&theirs).map(|name| format!("the macro `{name}!`")));
        }
        found
    }
}

/// Returns whether cargo sets a variable for each package.
fn is_of_cargo(variable: &str) -> bool {
    variable == "OUT_DIR" || variable.starts_with("CARGO_")
}

/// Macros that every migration may call.
const OF_RUST: [&str; 24] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "concat",
    "dbg",
    "debug_assert",
    "env",
    "eprintln",
    "format",
    "include",
    "include_bytes",
    "include_str",
    "matches",
    "option_env",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

enum Use {
    Feature,
    Variable(String),
    Above,
    Macro(String),
}

/// Returns how many modules a file is below the index: 0 for the index itself.
fn depth_below(index: &Path, file: &Path) -> usize {
    if file == index {
        return 0;
    }
    let name = index.file_stem().unwrap_or_default().to_string_lossy();
    let below = file.strip_prefix(child_folder(index, &name)).map_or(1, |path| path.components().count());
    let is_index = file.file_name().is_some_and(|name| name == "mod.rs");
    if is_index { below.saturating_sub(1).max(1) } else { below }
}

fn visit(tokens: TokenStream, depth: usize, on: &mut impl FnMut(Use)) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let ident = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(name)) => Some(name.to_string()),
        _ => None,
    };
    let mark = |at: usize| match tokens.get(at) {
        Some(TokenTree::Punct(mark)) => Some(mark.as_char()),
        _ => None,
    };
    let text = |at: usize| match tokens.get(at) {
        Some(TokenTree::Literal(literal)) => {
            syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
        }
        _ => None,
    };
    let mut at = 0;
    while at < tokens.len() {
        match (ident(at).as_deref(), &tokens[at]) {
            (Some("super"), _) => {
                let mut count = 0;
                while ident(at).as_deref() == Some("super") {
                    count += 1;
                    at += if mark(at + 1) == Some(':') && mark(at + 2) == Some(':') { 3 } else { 1 };
                }
                if count > depth {
                    on(Use::Above);
                }
                continue;
            }
            (Some("feature"), _) if mark(at + 1) == Some('=') && text(at + 2).is_some() => on(Use::Feature),
            (Some("mod"), _) if ident(at + 1).is_some() => {
                if let Some(TokenTree::Group(body)) = tokens.get(at + 2)
                    && body.delimiter() == Delimiter::Brace
                {
                    visit(body.stream(), depth + 1, on);
                    at += 3;
                    continue;
                }
            }
            (Some(name @ ("env" | "option_env")), _) if mark(at + 1) == Some('!') => {
                if let Some(TokenTree::Group(arguments)) = tokens.get(at + 2) {
                    let first = arguments.stream().into_iter().next().map(|one| one.to_string());
                    let variable =
                        first.and_then(|one| syn::parse_str::<syn::LitStr>(&one).ok()).map(|one| one.value());
                    on(Use::Variable(variable.unwrap_or_else(|| name.to_owned())));
                }
            }
            (Some(name), _) if mark(at + 1) == Some('!') && mark(at + 2) != Some('=') => {
                on(Use::Macro(name.to_owned()));
            }
            (_, TokenTree::Group(group)) => visit(group.stream(), depth, on),
            _ => {}
        }
        at += 1;
    }
}

/// Returns the macros that the package defines outside of these files.
fn package_macros(package_root: &Path, own: &[std::path::PathBuf]) -> BTreeSet<String> {
    let mut macros = BTreeSet::new();
    for file in rust_files(&package_root.join("src")).into_iter().filter(|file| !own.contains(file)) {
        collect_macros(tokens_of(&file), &mut macros);
    }
    macros
}

fn collect_macros(tokens: TokenStream, macros: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect_macros(group.stream(), macros),
            TokenTree::Ident(word) if word == "macro_rules" => {
                macros.extend(tokens.get(at + 2).map(ToString::to_string));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_files::write;

    #[test]
    fn uses_of_the_package_are_found() {
        for (path, text, script, expected) in [
            ("m1.rs", "#[cfg(feature = \"billing\")] fn f() {}", false, Some("features")),
            ("m1.rs", "fn f() -> bool { cfg!(feature = \"x\") }", false, Some("features")),
            ("m1.rs", "const A: &str = env!(\"CARGO_PKG_NAME\");", false, Some("`env!(\"CARGO_PKG_NAME\")`")),
            ("m1.rs", "include!(concat!(env!(\"OUT_DIR\"), \"/a.rs\"));", false, Some("`env!(\"OUT_DIR\")`")),
            ("m1.rs", "const A: Option<&str> = option_env!(\"GIT\");", true, Some("`env!(\"GIT\")`")),
            ("m1.rs", "const A: Option<&str> = option_env!(\"GIT\");", false, None),
            ("m1.rs", "use super::super::names;", false, Some("`super::` above their folder")),
            ("mod.rs", "mod m1; use super::names;", false, Some("`super::` above their folder")),
            ("m1.rs", "mod tests { use super::super::super::x; }", false, Some("`super::` above their folder")),
            ("m1.rs", "fn f() { table!(a); }", false, Some("the macro `table!`")),
            ("m1.rs", "use super::m2; fn f() { own!(a); vec![1]; }", false, None),
            ("m1.rs", "mod tests { use super::super::m2; }", false, None),
            ("sub/mod.rs", "use super::m2; mod x { use super::super::m2; }", false, None),
            ("m1.rs", "fn f(feature: bool) { let env = 1; assert!(env != 2); }", false, None),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            let root = folder.path();
            write(root, "src/lib.rs", "macro_rules! table { () => {} }\npub mod migrations;\n");
            write(root, "src/migrations/mod.rs", "mod m1;\nmod m2;\n");
            write(root, "src/migrations/m2.rs", "macro_rules! own { () => {} }\n");
            write(root, &format!("src/migrations/{path}"), text);
            let found = PackageUse::of(&root.join("src/migrations/mod.rs"), root, script);
            let features = found.features.then(|| "features".to_owned());
            let all: Vec<String> = found.rest.into_iter().chain(features).collect();
            assert_eq!(all, expected.into_iter().collect::<Vec<_>>(), "{path}: {text}");
        }
    }

    #[test]
    fn an_index_beside_its_folder_counts_the_modules_below_it() {
        for (text, is_above) in [("use super::m2;", false), ("use super::super::names;", true)] {
            let folder = tempfile::TempDir::new().unwrap();
            let root = folder.path();
            write(root, "src/migrations.rs", "mod m1;\n");
            write(root, "src/migrations/m1.rs", text);
            let found = PackageUse::of(&root.join("src/migrations.rs"), root, false);
            assert_eq!(!found.rest.is_empty(), is_above, "{text}");
        }
    }
}
