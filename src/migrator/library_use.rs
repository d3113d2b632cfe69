//! Finds where sources use kit's library, `kit_runtime`. It does not know whether the package has it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use super::modules::rust_files;
use crate::project::read;

/// The library's name in Rust.
pub const NAME: &str = "kit_runtime";

/// A place in a source.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// Returns the first use in the file of a module and in those of its folder; `None` if one of them gives the name to something else:
/// `use other as kit_runtime`, `mod kit_runtime`.
pub fn first(index: &Path, folder: &Path) -> Option<Place> {
    let files: BTreeSet<PathBuf> = rust_files(folder).into_iter().chain([index.to_owned()]).collect();
    let mut found = Vec::new();
    for file in files {
        let Some(text) = read(&file).ok().filter(|text| text.contains(NAME)) else { continue };
        let Ok(tokens) = text.parse() else { continue };
        let mut lines = Vec::new();
        if visit(tokens, &mut lines) {
            return None;
        }
        found.extend(lines.into_iter().map(|line| Place { file: file.clone(), line }));
    }
    found.into_iter().next()
}

/// Collects the lines of uses. Returns whether the name is given to something else.
fn visit(tokens: TokenStream, lines: &mut Vec<usize>) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: Option<usize>, what: &str| {
        at.and_then(|at| tokens.get(at)).is_some_and(|token| match token {
            TokenTree::Ident(word) => word == what,
            TokenTree::Punct(mark) => what.len() == 1 && what.starts_with(mark.as_char()),
            _ => false,
        })
    };
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1);
        match token {
            TokenTree::Group(group) if visit(group.stream(), lines) => return true,
            TokenTree::Ident(word) if word == NAME => {
                if is(before, "as") || is(before, "mod") {
                    return true;
                }
                // `use kit_runtime::…`, `use kit_runtime as library`, `extern crate kit_runtime`, `kit_runtime::…`,
                // `::kit_runtime::…`, but not `other::kit_runtime::…`.
                let is_named = is(before, "use") || is(before, "crate");
                let is_path = is(Some(at + 1), ":") && is(Some(at + 2), ":");
                let outer = at.checked_sub(3).and_then(|at| tokens.get(at));
                let is_below = is(before, ":")
                    && matches!(outer, Some(TokenTree::Ident(word)) if !matches!(word.to_string().as_str(), "use" | "return" | "in"));
                if (is_named || is_path) && !is_below {
                    lines.push(word.span().start().line);
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_files::write;

    #[test]
    fn uses_of_the_library_are_found() {
        for (text, expected) in [
            ("\nuse kit_runtime::schema::*;", Some(2)),
            ("extern crate kit_runtime;", Some(1)),
            ("use kit_runtime as kit;", Some(1)),
            ("use {std::fmt, kit_runtime::schema};", Some(1)),
            ("fn f() {\n ::kit_runtime::schema::f()\n}", Some(2)),
            ("fn f() { g::<kit_runtime::A>(); }", Some(1)),
            ("use other as kit_runtime; use kit_runtime::a;", None),
            ("extern crate kit as kit_runtime; use kit_runtime::a;", None),
            ("mod kit_runtime { pub fn a() {} } use kit_runtime::a;", None),
            ("use app::kit_runtime::a;", None),
            ("// kit_runtime::a\nconst A: &str = \"kit_runtime::a\"; fn kit_runtime() {}", None),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            let root = folder.path();
            write(root, "migrations/mod.rs", "mod m1;\n");
            write(root, "migrations/m1.rs", text);
            let found = first(&root.join("migrations/mod.rs"), &root.join("migrations"));
            assert_eq!(found.map(|place| place.line), expected, "{text}");
        }
    }
}
