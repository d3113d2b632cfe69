//! The files that become part of a migration when it is compiled: those of `include_str!`, `include_bytes!` and `include!`, and
//! of its own `mod x;`. It returns their contents. A path that only the compiler knows, as in `OUT_DIR` or written by a macro, is left
//! out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::Lit;

use super::modules::{child_folder, files_in};

/// A file that a migration includes.
#[derive(Debug, PartialEq, Eq)]
pub struct Included {
    /// The content; line ends of text are LF. `None` if there is no such file.
    pub content: Option<Vec<u8>>,
    /// Whether it is compiled, rather than data.
    pub is_source: bool,
}

/// Returns the files that the source in `file` includes, in the order of their names in it, with those that these include.
pub fn files(source: &str, file: &Path) -> Vec<Included> {
    let mut included = Vec::new();
    collect(source, file, &mut BTreeSet::new(), &mut included);
    included
}

fn collect(source: &str, file: &Path, seen: &mut BTreeSet<PathBuf>, included: &mut Vec<Included>) {
    if !["include", "mod "].iter().any(|word| source.contains(word)) || !seen.insert(file.to_owned()) {
        return;
    }
    let mut found = Vec::new();
    if let Ok(tokens) = source.parse() {
        find(tokens, file, &mut found);
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let modules = files_in(file, &child_folder(file, &name)).into_iter();
    found.extend(modules.filter(|(name, _)| !matches!(name.as_str(), "test" | "tests")).map(|(_, path)| (path, true)));
    for (path, is_source) in found {
        let content = fs::read(&path).ok().map(|bytes| match String::from_utf8(bytes) {
            Ok(text) => text.replace("\r\n", "\n").into_bytes(),
            Err(error) => error.into_bytes(),
        });
        let source = content.as_ref().filter(|_| is_source).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        included.push(Included { content, is_source });
        if let Some(source) = source {
            collect(&source, &path, seen, included);
        }
    }
}

/// Finds `include_str!(…)` and its like, also among the arguments of other macros.
fn find(tokens: TokenStream, file: &Path, found: &mut Vec<(PathBuf, bool)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let name = match tokens.get(at.saturating_sub(2)..at) {
            Some([TokenTree::Ident(name), TokenTree::Punct(mark)]) if mark.as_char() == '!' => name.to_string(),
            _ => String::new(),
        };
        match name.as_str() {
            "include_str" | "include_bytes" | "include" => {
                let path = text_of(&group.stream().into_iter().collect::<Vec<_>>(), file);
                let folder = file.parent().unwrap_or(Path::new(""));
                found.extend(path.map(|path| (folder.join(path), name == "include")));
            }
            _ => find(group.stream(), file, found),
        }
    }
}

/// The text that an argument stands for: a literal, `concat!` of such, or `env!("CARGO_MANIFEST_DIR")`.
fn text_of(argument: &[TokenTree], file: &Path) -> Option<String> {
    let argument = match argument {
        [argument @ .., TokenTree::Punct(comma)] if comma.as_char() == ',' => argument,
        argument => argument,
    };
    match argument {
        [TokenTree::Group(group)] => text_of(&group.stream().into_iter().collect::<Vec<_>>(), file),
        [TokenTree::Literal(literal)] => match Lit::new(literal.clone()) {
            Lit::Str(text) => Some(text.value()),
            Lit::Char(character) => Some(character.value().to_string()),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            _ => None,
        },
        [.., TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(group)] if mark.as_char() == '!' => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            match name.to_string().as_str() {
                "concat" => {
                    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
                    let parts = tokens.split(is_comma).filter(|part| !part.is_empty());
                    parts.map(|part| text_of(part, file)).collect()
                }
                "env" if text_of(&tokens, file)? == "CARGO_MANIFEST_DIR" => {
                    let package = file.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file())?;
                    package.to_str().map(str::to_owned)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::project::checksum::{checksum, checksum_with_included};
    use crate::test_files::write;

    #[test]
    fn each_form_of_an_include_counts() {
        let root = TempDir::new().unwrap();
        let root = root.path();
        write(root, "Cargo.toml", "");
        for (migration, source, target) in [
            ("src/m1.rs", "fn f() { g(include_str!(\"../sql/a.sql\")) }", "sql/a.sql"),
            ("src/m1.rs", "const A: &[u8] = std::include_bytes!(r\"../sql/a.bin\",);", "sql/a.bin"),
            (
                "src/m1.rs",
                "fn f() { run!(x, [core::include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/sql/\", 'b', 1, \".sql\"))]) }",
                "sql/b1.sql",
            ),
            ("src/m1.rs", "include! { \"../list.in\" }", "list.in"),
            ("src/m1/mod.rs", "fn f() { include_str!(\"up.sql\") }", "src/m1/up.sql"),
            ("src/m1/mod.rs", "mod data; use data::X;", "src/m1/data.rs"),
            ("src/m1.rs", "mod data;", "src/m1/data.rs"),
            ("src/m1.rs", "#[path = \"other/data.rs\"] mod data;", "src/other/data.rs"),
        ] {
            write(root, migration, source);
            let file = root.join(migration);
            let of = || checksum_with_included(source, &file);
            write(root, target, "select 1");
            let before = of();
            assert_eq!(before.split_once('+').map(|(own, _)| own), Some(checksum(source).as_str()), "{source}");
            write(root, target, "select\t1\r\n");
            let changed = of();
            assert_eq!(changed == before, target.ends_with("rs") || target.ends_with(".in"), "{source}");
            write(root, target, "select\t1\n");
            assert_eq!(of(), changed, "line ends: {source}");
            fs::remove_file(root.join(target)).unwrap();
            if !source.contains("mod data") {
                assert_ne!(of(), changed, "{source}");
                assert_ne!(of(), before, "{source}");
            }
            fs::remove_file(file).unwrap();
        }
    }

    #[test]
    fn files_that_included_files_include_count_once() {
        let root = TempDir::new().unwrap();
        let root = root.path();
        let source = "include!(\"parts/one.rs\");";
        write(root, "m1.rs", source);
        write(root, "parts/one.rs", "include!(\"two.rs\"); const A: &str = include_str!(\"a.sql\");");
        write(root, "parts/two.rs", "include!(\"one.rs\");");
        write(root, "parts/a.sql", "x");
        let data = files(source, &root.join("m1.rs")).into_iter().filter(|file| !file.is_source);
        assert_eq!(data.map(|file| file.content.unwrap()).collect::<Vec<_>>(), [b"x"]);
    }

    #[test]
    fn a_path_that_only_the_compiler_knows_is_left_out() {
        for source in [
            "include!(concat!(env!(\"OUT_DIR\"), \"/list.rs\"));",
            "const A: &str = include_str!($path);",
            "const A: Dir = include_dir!(\"sql\");",
            "// include_str!(\"a.sql\")\nfn include() {}",
            "const A: &str = \"include_str!(\\\"a.sql\\\")\";",
            "fn f( {",
        ] {
            assert_eq!(checksum_with_included(source, Path::new("/nowhere/m1.rs")), checksum(source), "{source}");
        }
    }
}
