//! Writing the rows of tables into files that [`load`](super::load()) reads: a YAML file a table, rows in the order of the key, all of
//! them as they were at one moment. A file is in its place when all are written.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use tempfile::NamedTempFile;

use super::dialect::{Trouble, Writer, read};
use super::file_name::file_names;
use super::fixtures::{MARK, find};
use super::survey::Survey;
use crate::database::Target;
use crate::error::{Error, Result, SeedError};
use crate::schema::model::{Column, Table};

/// A table that was written into a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Dumped {
    /// The table.
    pub table: String,
    /// The file.
    pub path: PathBuf,
    /// How many rows there are.
    pub rows: u64,
}

/// A value on its way into a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out<'a> {
    Null,
    /// A number, or a truth.
    Plain(Cow<'a, str>),
    Quoted(Cow<'a, str>),
    Binary(Vec<u8>),
    /// A value that its column would not take as it is, with what it is.
    Tagged(&'static str, Cow<'a, str>),
}

/// Writes the rows of `tables` into `folder`. `on_rows` is told of a table and how many rows are written.
///
/// # Errors
/// [`Error::Database`], [`Error::File`], [`SeedError::RowSecurity`] where the role does not see all rows, [`SeedError::Fixtures`] where
/// another file has rows for one of the tables.
pub async fn dump(
    target: &Target,
    survey: &Survey,
    tables: &[String],
    folder: &Path,
    on_rows: &mut dyn FnMut(&str, u64),
) -> Result<Vec<Dumped>> {
    let file_failed = |source| Error::File { action: "write", path: folder.to_owned(), source };
    let failed = |trouble: Trouble| trouble.of(target);
    let secured = survey.secured(tables.iter().map(String::as_str));
    if !secured.is_empty() {
        return Err(SeedError::RowSecurity { database: target.redacted(), tables: secured }.into());
    }
    let names = file_names(survey.schema.tables.iter().map(|table| table.name.as_str()));
    let path_of = |table: &str| folder.join(format!("{}.yaml", names.get(table).map_or(table, String::as_str)));
    std::fs::create_dir_all(folder).map_err(file_failed)?;
    // Nothing stands in a folder that is named after another environment.
    for fixture in find(folder, "")?.into_iter().filter(|fixture| tables.contains(&fixture.table)) {
        if fixture.path != path_of(&fixture.table) {
            let message = format!("it has rows for the table `{}`, too: with both, neither is loaded", fixture.table);
            return Err(SeedError::Fixtures { path: fixture.path, message }.into());
        }
    }
    let mut writer = Writer::open(target).await?;
    writer.begin_to_read().await.map_err(failed)?;
    let mut done = Vec::new();
    for table in tables.iter().filter_map(|name| survey.schema.table(name)) {
        let file = NamedTempFile::new_in(folder).map_err(file_failed)?;
        let mut text = BufWriter::with_capacity(1 << 18, file);
        let columns: Vec<&Column> = table.columns.iter().filter(|column| column.generated.is_none()).collect();
        let beginnings = columns.iter().enumerate();
        let beginnings: Vec<String> = beginnings.map(|(at, column)| beginning(at, &column.name)).collect();
        let mut line = String::new();
        text.write_all(format!("{MARK}\n").as_bytes()).map_err(file_failed)?;
        let mut rows = 0;
        let mut trouble = None;
        let mut on_row = |values: &[Out<'_>]| {
            rows += 1;
            if rows % 10_000 == 0 {
                on_rows(&table.name, rows);
            }
            line.clear();
            write_row(&mut line, &beginnings, values);
            trouble = text.write_all(line.as_bytes()).err();
            trouble.is_none()
        };
        read::rows(&mut writer, survey, table, &columns, &mut on_row).await.map_err(failed)?;
        if let Some(source) = trouble {
            return Err(file_failed(source));
        }
        if rows == 0 {
            text.write_all(b"[]\n").map_err(file_failed)?;
        }
        let file = text.into_inner().map_err(|error| file_failed(error.into_error()))?;
        on_rows(&table.name, rows);
        done.push((table, file, rows));
    }
    let mut dumped = Vec::new();
    for (table, file, rows) in done {
        let path = path_of(&table.name);
        file.persist(&path).map_err(|error| Error::File {
            action: "write",
            path: path.clone(),
            source: error.error,
        })?;
        dumped.push(Dumped { table: table.name.clone(), path, rows });
    }
    Ok(dumped)
}

fn write_row(text: &mut String, names: &[String], values: &[Out<'_>]) {
    if names.is_empty() {
        return text.push_str("- {}\n");
    }
    for (name, value) in names.iter().zip(values) {
        text.push_str(name);
        match value {
            Out::Null => text.push_str("null"),
            Out::Plain(word) => text.push_str(word),
            Out::Quoted(word) => quote(word, text),
            Out::Binary(bytes) => {
                text.push_str("!!binary \"");
                base64::engine::general_purpose::STANDARD.encode_string(bytes, text);
                text.push('"');
            }
            Out::Tagged(tag, word) => {
                text.extend(["!!", tag, " "]);
                quote(word, text);
            }
        }
        text.push('\n');
    }
}

/// What stands before a value: `- id: `, and `  name: ` in those after it. A name is without quotes where it is certain to be a
/// word.
fn beginning(at: usize, name: &str) -> String {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&name.to_ascii_lowercase().as_str());
    let mut text = if at == 0 { "- " } else { "  " }.to_owned();
    if is_word {
        text.push_str(name)
    } else {
        quote(name, &mut text)
    }
    text + ": "
}

/// As JSON has it, which is YAML, too, and without what is a line break to YAML or may not stand there.
fn quote(word: &str, text: &mut String) {
    text.push('"');
    let mut from = 0;
    for (at, c) in word.char_indices() {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => "",
            '\u{feff}' | '\u{fdd0}' | '\u{fffe}' | '\u{ffff}' => "",
            _ => continue,
        };
        text.push_str(&word[from..at]);
        text.push_str(short);
        if short.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        }
        from = at + c.len_utf8();
    }
    text.push_str(&word[from..]);
    text.push('"');
}

/// Whether a text of this column would be taken for a label.
pub(super) fn refers(table: &Table, column: &Column) -> bool {
    table.foreign_keys.iter().any(|key| key.columns.len() == 1 && key.columns.first() == Some(&column.name))
}
