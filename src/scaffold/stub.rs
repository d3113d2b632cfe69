//! Stubs: source files with `{{ placeholders }}`, built in, or a project's own of the same name in
//! `stubs/`. It returns Rust that parses, or says what is wrong with the stub. It decides nothing about
//! what fills the placeholders.

use std::path::Path;

use super::FilePlan;
use crate::error::{Error, Result};
use crate::project;

/// The stubs that are built in: file name and text.
pub const STUBS: [(&str, &str); 11] = [
    ("migration.rs", include_str!("../../stubs/migration.rs")),
    ("migration.create.rs", include_str!("../../stubs/migration.create.rs")),
    ("migration.update.rs", include_str!("../../stubs/migration.update.rs")),
    ("migration.join.rs", include_str!("../../stubs/migration.join.rs")),
    ("migration.drop.rs", include_str!("../../stubs/migration.drop.rs")),
    ("migration.helpers.rs", include_str!("../../stubs/migration.helpers.rs")),
    ("factory.rs", include_str!("../../stubs/factory.rs")),
    ("seeder.rs", include_str!("../../stubs/seeder.rs")),
    ("seeders.rs", include_str!("../../stubs/seeders.rs")),
    ("model.test.rs", include_str!("../../stubs/model.test.rs")),
    ("model.test.server.rs", include_str!("../../stubs/model.test.server.rs")),
];

/// The folder of a project's own stubs.
pub const FOLDER: &str = "stubs";

/// Which stubs to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publish {
    /// Those the project does not have.
    Missing,
    /// Those it has.
    Existing,
    /// All.
    All,
}

/// Plans the built-in stubs as files of the project at `root`.
///
/// # Errors
/// Those of [`FilePlan::write`].
pub fn publish(root: &Path, which: Publish) -> Result<FilePlan> {
    let mut plan = FilePlan::new(root);
    for (name, text) in STUBS {
        let path = root.join(FOLDER).join(name);
        let wanted = match which {
            Publish::Missing => !path.exists(),
            Publish::Existing => path.exists(),
            Publish::All => true,
        };
        if wanted {
            plan.write(&path, text.to_owned())?;
        }
    }
    Ok(plan)
}

/// Fills the stub of this name, the project's own if it has one. A value of several lines is indented as
/// its placeholder is; the line of a placeholder whose value is empty goes.
///
/// # Errors
/// [`Error::Stub`] for a placeholder that is not among `values` and for a result that is no Rust,
/// [`Error::Unreadable`] for a stub that is no text.
pub fn fill(root: &Path, name: &str, values: &[(&str, String)]) -> Result<String> {
    let wrong = |message: String| Error::Stub { stub: name.to_owned(), message };
    let text = text(root, name)?;
    let mut filled = String::with_capacity(text.len());
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = fill_line(line, values).map_err(|placeholder| {
            let known: Vec<String> = values.iter().map(|(name, _)| format!("{{{{ {name} }}}}")).collect();
            wrong(format!(
                "line {}: no placeholder {{{{ {placeholder} }}}}, there are {}",
                number + 1,
                known.join(", ")
            ))
        })?;
        for line in line.iter().flat_map(|line| line.split('\n')) {
            filled.push_str(line.trim_end());
            filled.push('\n');
        }
    }
    let end = filled.trim_end().len();
    filled.truncate(end);
    filled.push('\n');
    syn::parse_file(&filled).map_err(|error| {
        let start = error.span().start();
        wrong(format!("what it makes is no Rust: line {}: {error}", start.line))
    })?;
    Ok(filled)
}

/// Whether the stub of this name has that placeholder.
///
/// # Errors
/// Those of reading it.
pub fn has(root: &Path, name: &str, word: &str) -> Result<bool> {
    let text = text(root, name)?;
    let mut rest = text.as_str();
    while let Some(found) = placeholder(rest) {
        if found.name == word {
            return Ok(true);
        }
        rest = found.after;
    }
    Ok(false)
}

fn text(root: &Path, name: &str) -> Result<String> {
    let own = root.join(FOLDER).join(name);
    match STUBS.iter().find(|(stub, _)| *stub == name) {
        _ if own.is_file() => project::read(&own),
        Some((_, text)) => Ok((*text).to_owned()),
        None => Err(Error::Stub { stub: name.to_owned(), message: "there is none of that name".to_owned() }),
    }
}

/// The line with its placeholders filled, `None` if nothing is left of it.
fn fill_line(line: &str, values: &[(&str, String)]) -> std::result::Result<Option<String>, String> {
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut filled = String::new();
    let mut rest = line;
    let mut replaced = false;
    while let Some(found) = placeholder(rest) {
        let (_, value) = values.iter().find(|(name, _)| *name == found.name).ok_or_else(|| found.name.to_owned())?;
        filled.push_str(found.before);
        for (number, line) in value.lines().enumerate() {
            if number > 0 {
                filled.push('\n');
                filled.push_str(if line.is_empty() { "" } else { indent });
            }
            filled.push_str(line);
        }
        rest = found.after;
        replaced = true;
    }
    filled.push_str(rest);
    Ok((!replaced || !filled.trim().is_empty()).then_some(filled))
}

struct Placeholder<'a> {
    before: &'a str,
    name: &'a str,
    after: &'a str,
}

/// The first `{{ word }}`. Other double braces are Rust's own.
fn placeholder(text: &str) -> Option<Placeholder<'_>> {
    text.match_indices("{{").find_map(|(at, _)| {
        let (inside, after) = text[at + 2..].split_once("}}")?;
        let name = inside.trim();
        let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        word.then_some(Placeholder { before: &text[..at], name, after })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(line: &str) -> std::result::Result<Option<String>, String> {
        fill_line(line, &[("one", "1".to_owned()), ("lines", "a\n\nb".to_owned()), ("nothing", String::new())])
    }

    #[test]
    fn placeholders_are_filled() {
        for (line, expected) in [
            ("plain", Some("plain")),
            ("", Some("")),
            ("x {{ one }} y {{one}} z", Some("x 1 y 1 z")),
            ("  {{ lines }}", Some("  a\n\n  b")),
            ("  {{ nothing }}", None),
            ("format!(\"{{}} {{ {} }}\") {{ one }}", Some("format!(\"{{}} {{ {} }}\") 1")),
        ] {
            assert_eq!(filled(line).unwrap().as_deref(), expected, "{line}");
        }
        assert_eq!(filled("{{ two }}").unwrap_err(), "two");
    }
}
