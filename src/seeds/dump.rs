//! Writing the rows of tables into files that [`load`](super::load()) reads: a YAML file a table, rows in the order of the key, all of
//! them as they were at one moment. A file is in its place when all are written.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use sea_orm::sqlx;
use tempfile::NamedTempFile;

use super::dialect::{Writer, read, said};
use crate::database::Target;
use crate::error::{Error, Result};
use crate::schema::model::{Column, Schema, Table};

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
pub(super) enum Out {
    Null,
    /// A number, or a truth.
    Plain(String),
    Quoted(String),
    Binary(Vec<u8>),
    /// A value that its column would not take as it is, with what it is.
    Tagged(&'static str, String),
}

/// Writes the rows of `tables` of `schema` into `folder`. `on_rows` is told of a table and how many rows are written.
///
/// # Errors
/// [`Error::Database`], [`Error::File`], [`Error::Fixtures`] for a table that no file can be named after.
pub async fn dump(
    target: &Target,
    schema: &Schema,
    tables: &[String],
    folder: &Path,
    on_rows: &mut dyn FnMut(&str, u64),
) -> Result<Vec<Dumped>> {
    let file_failed = |source| Error::File { action: "write", path: folder.to_owned(), source };
    let failed =
        |error: sqlx::Error| Error::Database { database: target.redacted(), message: target.scrub(&said(&error)) };
    std::fs::create_dir_all(folder).map_err(file_failed)?;
    let mut writer = Writer::open(target).await?;
    writer.begin_to_read().await.map_err(failed)?;
    let mut done = Vec::new();
    for table in tables.iter().filter_map(|name| schema.table(name)) {
        if table.name.contains(['/', '\\', '\0']) || table.name.starts_with('.') {
            let message = format!("the table `{}` has a name that is none for a file", table.name);
            return Err(Error::Fixtures { path: folder.to_owned(), message });
        }
        let file = NamedTempFile::new_in(folder).map_err(file_failed)?;
        let mut text = BufWriter::new(file);
        let columns: Vec<&Column> = table.columns.iter().filter(|column| column.generated.is_none()).collect();
        let names: Vec<String> = columns.iter().map(|column| word(&column.name)).collect();
        let mut rows = 0;
        let mut trouble = None;
        let mut on_row = |values: Vec<Out>| {
            rows += 1;
            if rows % 10_000 == 0 {
                on_rows(&table.name, rows);
            }
            let outcome = write_row(&mut text, &names, &values);
            trouble = outcome.err();
            trouble.is_none()
        };
        read::rows(&mut writer, table, &columns, &mut on_row).await.map_err(failed)?;
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
        let path = folder.join(format!("{}.yaml", table.name));
        file.persist(&path).map_err(|error| Error::File {
            action: "write",
            path: path.clone(),
            source: error.error,
        })?;
        dumped.push(Dumped { table: table.name.clone(), path, rows });
    }
    Ok(dumped)
}

fn write_row(text: &mut impl Write, names: &[String], values: &[Out]) -> std::io::Result<()> {
    if names.is_empty() {
        return text.write_all(b"- {}\n");
    }
    for (at, (name, value)) in names.iter().zip(values).enumerate() {
        write!(text, "{}{name}: ", if at == 0 { "- " } else { "  " })?;
        match value {
            Out::Null => text.write_all(b"null")?,
            Out::Plain(word) => text.write_all(word.as_bytes())?,
            Out::Quoted(word) => text.write_all(quoted(word).as_bytes())?,
            Out::Binary(bytes) => {
                write!(text, "!!binary \"{}\"", base64::engine::general_purpose::STANDARD.encode(bytes))?
            }
            Out::Tagged(tag, word) => write!(text, "!!{tag} {}", quoted(word))?,
        }
        text.write_all(b"\n")?;
    }
    Ok(())
}

/// A name as a key: without quotes where it is certain to be a word.
fn word(name: &str) -> String {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&name.to_ascii_lowercase().as_str());
    if is_word { name.to_owned() } else { quoted(name) }
}

/// What JSON takes for a text, YAML does, too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .chars()
        .map(|c| match c {
            // A line break to YAML, or nothing that may stand there.
            '\u{85}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fdd0}'
            | '\u{7f}'..='\u{9f}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                format!("\\u{:04x}", u32::from(c))
            }
            c => c.to_string(),
        })
        .collect()
}

/// Whether a text of this column would be taken for a label.
pub(super) fn refers(table: &Table, column: &Column) -> bool {
    table.foreign_keys.iter().any(|key| key.columns.len() == 1 && key.columns.first() == Some(&column.name))
}
