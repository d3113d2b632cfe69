//! Removing a migration from mod.rs or lib.rs: read with syn, edited as text at the exact place. It returns the new text
//! and writes nothing; if it does not understand the file, it refuses with the lines to remove by hand. It does not know
//! whether the migration is applied.

use std::ops::Range;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use super::index::{self, Index, List};
use super::register::{Edit, apply, end_of_line, start_of_block};
use super::source::boxed;
use crate::error::{Error, Registering, Result};

/// Returns the text of the index file at `path` without the module and its element of the list, that of the Migrator
/// `chosen` in kit.toml where there are several. Unchanged if it has neither.
///
/// # Errors
/// [`Error::Registration`] where the module is used in a way that kit does not understand, [`Error::Unreadable`] where
/// the text is no Rust.
pub fn unregister(path: &Path, text: &str, module: &str, chosen: Option<&str>) -> Result<String> {
    let index = Index::parse(path, text)?;
    let refused = |reason: &str| Error::Registration {
        edit: Registering::Remove,
        path: path.to_owned(),
        module: module.to_owned(),
        reason: reason.to_owned(),
        lines: by_hand(&index, module),
    };
    let (mut edits, mut explained) = (Vec::new(), 0);
    for declared in index.modules().filter(|declared| declared.ident == module) {
        if declared.content.is_some() {
            return Err(refused("the migration is written in this file"));
        }
        explained += 1;
        edits.push(declaration(&index.text, index::range(declared), module));
    }
    if explained > 1 {
        return Err(refused("it is declared more than once"));
    }
    let list = index.migrator(chosen).and_then(|migrator| migrator.list());
    if let Ok(list) = &list {
        let is_it = |element: &&syn::Expr| boxed(element).is_some_and(|(listed, _)| listed == module);
        let found: Vec<&syn::Expr> = list.elements.iter().filter(is_it).collect();
        if let [element] = found.as_slice() {
            explained += 1;
            edits.push(element_edit(&index.text, list, index::range(*element), module));
        } else if found.len() > 1 {
            return Err(refused("it is listed more than once"));
        }
    }
    if mentions(text, module).len() != explained {
        return Err(refused(match list {
            Ok(_) => "it is used there in another way, too",
            Err(reason) => reason,
        }));
    }
    let before = index.file.items.len();
    let edited = apply(&index, edits);
    let is_removed = Index::parse(path, &edited)
        .is_ok_and(|after| after.file.items.len() + usize::from(declares(&index, module)) == before)
        && mentions(&edited, module).is_empty();
    if is_removed { Ok(edited) } else { Err(refused("kit does not understand how it is written there")) }
}

/// Returns the lines, counted from 1, in which code of `text` names the module. Comments and strings are not code.
pub fn mentions(text: &str, module: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    if let Ok(tokens) = text.trim_start_matches('\u{feff}').parse::<TokenStream>() {
        collect(tokens, module, &mut lines);
    }
    lines
}

fn collect(tokens: TokenStream, module: &str, lines: &mut Vec<usize>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == module => lines.push(ident.span().start().line),
            TokenTree::Group(group) => collect(group.stream(), module, lines),
            _ => {}
        }
    }
}

fn declares(index: &Index, module: &str) -> bool {
    index.modules().any(|declared| declared.ident == module)
}

/// The numbered lines that name the module.
fn by_hand(index: &Index, module: &str) -> String {
    let lines: Vec<&str> = index.text.lines().collect();
    let shown = |number: usize| Some(format!("{number}: {}", lines.get(number.checked_sub(1)?)?.trim()));
    let mut numbers = mentions(&index.text, module);
    numbers.dedup();
    numbers.into_iter().filter_map(shown).collect::<Vec<_>>().join("\n")
}

/// The edit that removes a `mod` line with its attributes, and a comment above that is about it alone.
fn declaration(text: &str, range: Range<usize>, module: &str) -> Edit {
    Edit { range: whole_lines(text, range.clone(), module).unwrap_or(range), with: String::new() }
}

/// The edit that removes an element of the list with its comma.
fn element_edit(text: &str, list: &List<'_>, range: Range<usize>, module: &str) -> Edit {
    let delimiter = list.call.delimiter.span();
    let (open, close) = (index::span_range(delimiter.open()).end, index::span_range(delimiter.close()).start);
    if list.elements.len() == 1 && !text[open..range.start].contains("//") && !text[range.end..close].contains("//") {
        return Edit { range: open..close, with: String::new() };
    }
    let comma = commas(&list.call.tokens).find(|comma| comma.start >= range.end);
    let next = list.elements.iter().map(|element| index::range(element).start).find(|start| *start >= range.end);
    let own = comma.filter(|comma| next.is_none_or(|next| comma.start < next));
    let end = own.as_ref().map_or(range.end, |comma| comma.end);
    if let Some(range) = whole_lines(text, range.start..end, module) {
        return Edit { range, with: String::new() };
    }
    if next.is_some() {
        let blanks = text[end..close].len() - text[end..close].trim_start_matches([' ', '\t']).len();
        return Edit { range: range.start..end + blanks, with: String::new() };
    }
    // The last one on a line of several: the comma before it goes with it, and its own stays.
    let before = commas(&list.call.tokens).filter(|comma| comma.end <= range.start).last();
    Edit { range: before.map_or(range.start, |comma| comma.start)..range.end, with: String::new() }
}

/// The lines that `range` fills, with the line end; `None` if they have other code, too.
fn whole_lines(text: &str, range: Range<usize>, module: &str) -> Option<Range<usize>> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    if !text[start..range.start].trim().is_empty() {
        return None;
    }
    let end = end_of_line(text, range.end)?;
    let end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let block = start_of_block(text, start);
    // A comment may be the heading of all lines that follow: it is removed only if it is clearly about this one.
    let alone = text[end..].lines().next().is_none_or(|next| next.trim().is_empty());
    let after_gap = text[..block].lines().next_back().is_none_or(|line| line.trim().is_empty());
    let is_own = text[block..start].contains(module) || (alone && after_gap);
    Some(if is_own { block } else { start }..end)
}

fn commas(tokens: &TokenStream) -> impl Iterator<Item = Range<usize>> {
    tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Punct(punct) if punct.as_char() == ',' => Some(index::span_range(punct.span())),
        _ => None,
    })
}

#[cfg(test)]
#[path = "unregister_tests.rs"]
mod tests;
