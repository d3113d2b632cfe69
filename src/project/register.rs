//! Registering a migration in mod.rs or lib.rs: read with syn, edited as text at the exact place. It
//! returns the new text and writes nothing; what it does not understand it refuses, with the lines to add
//! by hand. It does not know what a migration is.

use std::ops::Range;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, Visibility};

use super::index::{self, Index, List};
use crate::error::{Error, Registering, Result};

/// Loco's generator inserts above this line; so does kit.
const MARKER: &str = "inject-above";

/// What to register.
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    /// `m20260101_000000_create_posts_table`
    pub name: &'a str,
    /// Its file relative to the index file's folder, where it is not the one Rust would look for.
    pub path: Option<&'a str>,
}

impl Module<'_> {
    /// What to write by hand.
    pub fn lines(&self) -> String {
        let path = self.path.map(|path| format!("#[path = {path:?}]\n")).unwrap_or_default();
        format!("{path}mod {0};\nBox::new({0}::Migration),", self.name)
    }
}

/// The text of the index file at `path` with the module declared and listed, by the Migrator that is `chosen` in
/// kit.toml where there are several. Unchanged where it is already.
///
/// # Errors
/// [`Error::Registration`] where the list is built otherwise than as one `vec![…]`, [`Error::Unreadable`]
/// where the text is no Rust.
pub fn register(path: &Path, text: &str, module: Module<'_>, chosen: Option<&str>) -> Result<String> {
    let refused = |reason: &str| Error::Registration {
        edit: Registering::Register,
        path: path.to_owned(),
        module: module.name.to_owned(),
        reason: reason.to_owned(),
        lines: module.lines(),
    };
    let index = Index::parse(path, text)?;
    let list = index.migrator(chosen).and_then(|migrator| migrator.list()).map_err(refused)?;
    let mut edits = Vec::new();
    if !index.modules().any(|declared| declared.ident == module.name) {
        edits.push(declaration(&index, &list, module));
    }
    if !listed(&list).any(|name| name == module.name) {
        edits.extend(entry(&index.text, &list, &format!("Box::new({}::Migration)", module.name)));
    }
    let edited = apply(&index, edits);
    let registered = Index::parse(path, &edited).is_ok_and(|edited| {
        edited.modules().any(|declared| declared.ident == module.name)
            && edited.migrator(chosen).and_then(|migrator| migrator.list()).is_ok_and(|after| {
                after.elements.len() >= list.elements.len() && listed(&after).any(|name| name == module.name)
            })
    });
    if registered { Ok(edited) } else { Err(refused("kit does not find its way in it")) }
}

/// The modules whose migrations are in the list.
fn listed(list: &List<'_>) -> impl Iterator<Item = String> {
    list.elements.iter().filter_map(|element| super::source::boxed(element).map(|(module, _)| module))
}

/// A replacement of bytes.
pub(super) struct Edit {
    pub range: Range<usize>,
    pub with: String,
}

fn insert(at: usize, with: impl Into<String>) -> Edit {
    Edit { range: at..at, with: with.into() }
}

/// Applies edits that do not overlap, with the line ends of the file.
pub(super) fn apply(index: &Index, mut edits: Vec<Edit>) -> String {
    let windows = index.text.find('\n').is_some_and(|at| index.text[..at].ends_with('\r'));
    let mut text = index.text.clone();
    edits.sort_by_key(|edit| edit.range.start);
    for edit in edits.into_iter().rev() {
        let with = if windows { edit.with.replace('\n', "\r\n") } else { edit.with };
        text.replace_range(edit.range, &with);
    }
    if index.mark { format!("\u{feff}{text}") } else { text }
}

/// The `mod` line: after the last module of the list, else the last module, else the last `use`, else in front.
fn declaration(index: &Index, list: &List<'_>, module: Module<'_>) -> Edit {
    let migrations: Vec<String> = listed(list).collect();
    let last = index
        .modules()
        .filter(|declared| migrations.iter().any(|name| declared.ident == name))
        .last()
        .or_else(|| index.modules().filter(|declared| declared.content.is_none()).last());
    let visibility = match last.map(|declared| &declared.vis) {
        None | Some(Visibility::Inherited) => String::new(),
        Some(visibility) => format!("{} ", &index.text[index::range(visibility)]),
    };
    let path = module.path.map(|path| format!("#[path = {path:?}]\n")).unwrap_or_default();
    let line = format!("{path}{visibility}mod {};", module.name);
    let text = &index.text;
    if let Some(last) = last {
        let end = index::range(last).end;
        return insert(end_of_line(text, end).unwrap_or(end), format!("\n{line}"));
    }
    let last_use = index.file.items.iter().rfind(|item| matches!(item, Item::Use(_)));
    if let Some(last) = last_use {
        let end = index::range(last).end;
        return insert(end_of_line(text, end).unwrap_or(end), format!("\n\n{line}"));
    }
    match index.file.items.first() {
        // A comment directly above the first item belongs to it.
        Some(first) => insert(start_of_block(text, index::range(first).start), format!("{line}\n\n")),
        None => insert(text.len(), format!("\n{line}\n")),
    }
}

/// The edits that put one more element into the list.
fn entry(text: &str, list: &List<'_>, element: &str) -> Vec<Edit> {
    let delimiter = list.call.delimiter.span();
    let (open, close) = (index::span_range(delimiter.open()).end, index::span_range(delimiter.close()).start);
    let outer = indentation(text, open);
    let step = if outer.contains('\t') { "\t" } else { "    " };
    let inner = format!("{outer}{step}");
    if let Some(marker) = marker(text, open, close) {
        let indent = indentation(text, marker);
        let start = text[..marker].rfind('\n').map_or(0, |at| at + 1);
        let mut edits = vec![insert(start, format!("{indent}{element},\n"))];
        edits.extend(missing_comma(&list.call.tokens));
        return edits;
    }
    let one_line = !text[open..close].contains('\n');
    let Some(end) = last_token(&list.call.tokens) else {
        let content = text[open..close].trim_end();
        if content.is_empty() {
            let with =
                if element.len() <= ONE_LINE { element.to_owned() } else { format!("\n{inner}{element},\n{outer}") };
            return vec![Edit { range: open..close, with }];
        }
        return vec![Edit { range: open + content.len()..close, with: format!("\n{inner}{element},\n{outer}") }];
    };
    if one_line {
        return one_a_line(text, list, open..close, &inner, &outer, element);
    }
    let mut edits: Vec<Edit> = missing_comma(&list.call.tokens).into_iter().collect();
    let first_on_line = list.elements.last().map(|last| index::range(last).start).unwrap_or(open);
    let indent = match text[..first_on_line].rsplit('\n').next() {
        Some(before) if before.trim().is_empty() => before.to_owned(),
        _ => inner,
    };
    let at = end_of_line(text, end).filter(|at| *at < close).unwrap_or(end);
    edits.push(insert(at, format!("\n{indent}{element},")));
    edits
}

/// Longest content of a `vec![]` that rustfmt leaves on its line.
const ONE_LINE: usize = 60;

/// A list on one line: stays there while rustfmt leaves it, else gets a line for each element.
fn one_a_line(
    text: &str,
    list: &List<'_>,
    content: Range<usize>,
    inner: &str,
    outer: &str,
    element: &str,
) -> Vec<Edit> {
    let inside = text[content.clone()].trim();
    let comma = missing_comma(&list.call.tokens);
    let end = last_token(&list.call.tokens).unwrap_or(content.end);
    if inside.len() + element.len() + 2 <= ONE_LINE {
        let with = if comma.is_some() { format!(", {element}") } else { format!(" {element},") };
        return vec![insert(end, with)];
    }
    let blank = |from: usize| {
        let spaces = text[from..content.end].len() - text[from..content.end].trim_start().len();
        from..from + spaces
    };
    let separator = |from: usize| Edit { range: blank(from), with: format!("\n{inner}") };
    let mut edits = vec![separator(content.start)];
    let commas: Vec<usize> = top_level_commas(&list.call.tokens).collect();
    edits.extend(commas.iter().filter(|comma| **comma != end).map(|comma| separator(*comma)));
    let first = if comma.is_some() { "," } else { "" };
    let tail = text[end..content.end].trim_end();
    edits.push(insert(end, first));
    edits.push(Edit { range: end + tail.len()..content.end, with: format!("\n{inner}{element},\n{outer}") });
    edits
}

/// The comma after the last element, if it has none.
fn missing_comma(tokens: &TokenStream) -> Option<Edit> {
    let last = tokens.clone().into_iter().last()?;
    let comma = matches!(&last, TokenTree::Punct(punct) if punct.as_char() == ',');
    (!comma).then(|| insert(index::span_range(last.span()).end, ","))
}

fn last_token(tokens: &TokenStream) -> Option<usize> {
    tokens.clone().into_iter().last().map(|token| index::span_range(token.span()).end)
}

fn top_level_commas(tokens: &TokenStream) -> impl Iterator<Item = usize> {
    tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Punct(punct) if punct.as_char() == ',' => Some(index::span_range(punct.span()).end),
        _ => None,
    })
}

/// Where Loco's marker stands, if it is a line of its own in the list.
fn marker(text: &str, open: usize, close: usize) -> Option<usize> {
    let at = open + text[open..close].rfind(MARKER)?;
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    (line > open && text[line..at].trim_start().starts_with("//")).then_some(at)
}

/// The end of the line of `from`, if nothing but comments stands between.
pub(super) fn end_of_line(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start_matches([' ', '\t', '\r']);
        let skipped = at + rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return Some(at);
        }
        if trimmed.starts_with('\n') {
            return Some(text[..skipped].trim_end_matches('\r').len().max(at));
        }
        if trimmed.starts_with("//") {
            let end = trimmed.find('\n').map_or(text.len(), |newline| skipped + newline);
            return Some(text[..end].trim_end_matches('\r').len());
        }
        if !trimmed.starts_with("/*") {
            return None;
        }
        at = skipped + trimmed.find("*/")? + 2;
    }
}

/// The start of the comment lines that stand directly above `from`.
pub(super) fn start_of_block(text: &str, from: usize) -> usize {
    let mut start = text[..from].rfind('\n').map_or(0, |at| at + 1);
    while start > 0 {
        let above = text[..start - 1].rfind('\n').map_or(0, |at| at + 1);
        let line = text[above..start].trim();
        if !line.starts_with("//") || line.starts_with("//!") {
            break;
        }
        start = above;
    }
    start
}

fn indentation(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

#[cfg(test)]
#[path = "register_tests.rs"]
mod tests;
