//! What sources take from the package that they are compiled in: features, variables of cargo and of build scripts, macros,
//! modules above their folder. In a package of kit's own all of that is different or not there.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::modules::{files_of, rust_files, tokens_of};

/// What a module and the files below its folder take from their package, a phrase each, sorted.
pub fn of_package(index: &Path, package_root: &Path) -> Vec<String> {
    let files = files_of(index);
    let (mut found, mut called, mut own) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for file in &files {
        let tokens = tokens_of(file);
        defined(tokens.clone(), &mut own);
        visit(tokens, depth_below(index, file), &mut |piece| match piece {
            Piece::Feature(name) => drop(found.insert(format!("the feature `{name}`"))),
            Piece::Variable(name) => drop(found.insert(format!("`env!(\"{name}\")`"))),
            Piece::Above => drop(found.insert("`super::` above their folder".to_owned())),
            Piece::Macro(name) => drop(called.insert(name)),
        });
    }
    called.retain(|name| !own.contains(name) && !OF_RUST.contains(&name.as_str()));
    // A large application has many files: they are read only if a macro could be theirs.
    if !called.is_empty() {
        let theirs = package_macros(package_root, &files);
        found.extend(called.intersection(&theirs).map(|name| format!("the macro `{name}!`")));
    }
    found.into_iter().collect()
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

enum Piece {
    Feature(String),
    Variable(String),
    Above,
    Macro(String),
}

/// How many modules a file is below the index: 0 for the index itself.
fn depth_below(index: &Path, file: &Path) -> usize {
    if file == index {
        return 0;
    }
    let folder = index.parent().unwrap_or(Path::new(""));
    let below = file.strip_prefix(folder).map_or(1, |path| path.components().count());
    let is_index = file.file_name().is_some_and(|name| name == "mod.rs");
    if is_index { below.saturating_sub(1).max(1) } else { below }
}

fn visit(tokens: TokenStream, depth: usize, on: &mut impl FnMut(Piece)) {
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
                    on(Piece::Above);
                }
                continue;
            }
            (Some("feature"), _) if mark(at + 1) == Some('=') => {
                if let Some(name) = text(at + 2) {
                    on(Piece::Feature(name));
                }
            }
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
                    on(Piece::Variable(variable.unwrap_or_else(|| name.to_owned())));
                }
            }
            (Some(name), _) if mark(at + 1) == Some('!') && mark(at + 2) != Some('=') => {
                on(Piece::Macro(name.to_owned()));
            }
            (_, TokenTree::Group(group)) => visit(group.stream(), depth, on),
            _ => {}
        }
        at += 1;
    }
}

/// The macros that the package defines outside of these files.
fn package_macros(package_root: &Path, own: &[std::path::PathBuf]) -> BTreeSet<String> {
    let mut macros = BTreeSet::new();
    for file in rust_files(&package_root.join("src")).into_iter().filter(|file| !own.contains(file)) {
        defined(tokens_of(&file), &mut macros);
    }
    macros
}

fn defined(tokens: TokenStream, macros: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => defined(group.stream(), macros),
            TokenTree::Ident(word) if word == "macro_rules" => {
                macros.extend(tokens.get(at + 2).map(ToString::to_string));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
    fn write(root: &Path, path: &str, text: &str) {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }

    #[test]
    fn what_is_taken_from_the_package_is_found() {
        for (path, text, expected) in [
            ("m1.rs", "#[cfg(feature = \"billing\")] fn f() {}", Some("the feature `billing`")),
            ("m1.rs", "fn f() -> bool { cfg!(feature = \"x\") }", Some("the feature `x`")),
            ("m1.rs", "const A: &str = env!(\"CARGO_PKG_NAME\");", Some("`env!(\"CARGO_PKG_NAME\")`")),
            ("m1.rs", "include!(concat!(env!(\"OUT_DIR\"), \"/a.rs\"));", Some("`env!(\"OUT_DIR\")`")),
            ("m1.rs", "const A: Option<&str> = option_env!(\"GIT\");", Some("`env!(\"GIT\")`")),
            ("m1.rs", "use super::super::names;", Some("`super::` above their folder")),
            ("mod.rs", "mod m1; use super::names;", Some("`super::` above their folder")),
            ("m1.rs", "mod tests { use super::super::super::x; }", Some("`super::` above their folder")),
            ("m1.rs", "fn f() { table!(a); }", Some("the macro `table!`")),
            ("m1.rs", "use super::m2; fn f() { own!(a); vec![1]; }", None),
            ("m1.rs", "mod tests { use super::super::m2; }", None),
            ("sub/mod.rs", "use super::m2; mod x { use super::super::m2; }", None),
            ("m1.rs", "fn f(feature: bool) { let env = 1; assert!(env != 2); }", None),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            let root = folder.path();
            write(root, "src/lib.rs", "macro_rules! table { () => {} }\npub mod migrations;\n");
            write(root, "src/migrations/mod.rs", "mod m1;\nmod m2;\n");
            write(root, "src/migrations/m2.rs", "macro_rules! own { () => {} }\n");
            write(root, &format!("src/migrations/{path}"), text);
            let found = of_package(&root.join("src/migrations/mod.rs"), root);
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{path}: {text}");
        }
    }
}
