//! `mod` lines: the files that they lead to, and new ones in a library's root, inserted as text, so that everything else stays
//! as it is. It returns paths, or the new text, or nothing where it is not certain of the place.

use std::fs;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Item, Lit, Meta};

/// `text` with `lines` before its first item, or after its last module that stands in a file.
/// `None` if `text` is no Rust, or its items do not begin lines.
pub fn declare(text: &str, lines: &str) -> Option<String> {
    // The parser leaves these out of its positions.
    if text.starts_with('\u{feff}') || text.starts_with("#!/") {
        return None;
    }
    let file = syn::parse_file(text).ok()?;
    let mut modules = file.items.iter().filter(|item| matches!(item, Item::Mod(module) if module.content.is_none()));
    let at = match (modules.next_back(), file.items.first()) {
        (Some(module), _) => {
            let end = module.span().byte_range().end;
            end + text.get(end..)?.find('\n').map_or(text.len() - end, |newline| newline + 1)
        }
        (None, Some(item)) => item.span().byte_range().start,
        (None, None) => text.len(),
    };
    let (before, after) = (text.get(..at)?, text.get(at..)?);
    let begun = !before.is_empty() && !before.ends_with('\n');
    if begun && !after.is_empty() {
        return None;
    }
    let gap = if file.items.iter().any(|item| matches!(item, Item::Mod(_))) || after.is_empty() { "" } else { "\n" };
    let new = format!("{before}{}{lines}{gap}{after}", if begun { "\n" } else { "" });
    // A module's last line may begin another item, which the new lines would then stand in.
    let added = syn::parse_file(lines).ok()?.items.len();
    (syn::parse_file(&new).ok()?.items.len() == file.items.len() + added).then_some(new)
}

/// Whether `text` declares a module of that name at its top; `None` if it is no Rust.
pub fn declares(text: &str, name: &str) -> Option<bool> {
    let file = syn::parse_file(text).ok()?;
    Some(file.items.iter().any(|item| matches!(item, Item::Mod(module) if module.ident == name)))
}

/// The file modules that a file declares, with their files; a file that does not parse declares none.
pub fn files_in(file: &Path, folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(parsed) = fs::read_to_string(file).map_err(|_| ()).and_then(|text| syn::parse_file(&text).map_err(|_| ()))
    else {
        return Vec::new();
    };
    let modules = parsed.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() => {
            let name = module.ident.to_string();
            let named = module.attrs.iter().find_map(|attribute| match &attribute.meta {
                Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                    Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some(path.value()),
                    _ => None,
                },
                _ => None,
            });
            let candidates = match named {
                // `#[path]` is relative to the file's own folder.
                Some(path) => vec![file.parent()?.join(path)],
                None => vec![folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")],
            };
            candidates.into_iter().find(|path| path.is_file()).map(|path| (name, path))
        }
        _ => None,
    });
    modules.collect()
}

/// Where a module's own file modules are.
pub fn child_folder(file: &Path, name: &str) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new("."));
    if file.file_name().is_some_and(|file| file == "mod.rs") { folder.to_owned() } else { folder.join(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_where_a_person_would_put_them() {
        for (text, expected) in [
            ("", Some("mod x;\n")),
            ("//! Doc.\n", Some("//! Doc.\nmod x;\n")),
            ("//! Doc.", Some("//! Doc.\nmod x;\n")),
            ("//! Doc.\n\nuse a::b;\n", Some("//! Doc.\n\nmod x;\n\nuse a::b;\n")),
            (
                "#![deny(missing_docs)]\n/// F.\nfn f() {}\n",
                Some("#![deny(missing_docs)]\nmod x;\n\n/// F.\nfn f() {}\n"),
            ),
            (
                "use a::b;\nmod a; // why\nmod c;\nfn f() {}\n",
                Some("use a::b;\nmod a; // why\nmod c;\nmod x;\nfn f() {}\n"),
            ),
            ("mod a;", Some("mod a;\nmod x;\n")),
            ("/* a */ fn f() {}\n", None),
            ("mod a; fn f() {}\n", Some("mod a; fn f() {}\nmod x;\n")),
            ("mod a; fn f() {\n}\n", None),
            ("#!/usr/bin/env cargo\nfn f() {}\n", None),
            ("\u{feff}fn f() {}\n", None),
            ("fn {", None),
        ] {
            assert_eq!(declare(text, "mod x;\n").as_deref(), expected, "{text}");
        }
    }
}
