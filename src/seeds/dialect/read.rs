//! Reading all rows of a table, one after the other, each value as what a file says of it.

use futures_util::TryStreamExt as _;
use kit_runtime::dialect::Dialect;
use sea_orm::sqlx::{self, AssertSqlSafe, Row as _, TypeInfo as _, Value as _, ValueRef as _};

use super::value::{Datum, datum, uuid_text};
use super::{Writer, list};
use crate::schema::model::{Column, Kind, Table};
use crate::seeds::Node;
use crate::seeds::dump::{Out, refers};

/// Gives each row to `on_row`, until that says no.
pub async fn rows(
    writer: &mut Writer,
    table: &Table,
    columns: &[&Column],
    on_row: &mut dyn FnMut(Vec<Out>) -> bool,
) -> sqlx::Result<()> {
    let dialect = writer.dialect();
    let escaped: Vec<bool> = columns.iter().map(|column| refers(table, column)).collect();
    let out = |at: usize, out: Out| match out {
        // A label begins so.
        Out::Quoted(text) if escaped.get(at) == Some(&true) && text.starts_with('@') => Out::Quoted(format!("@{text}")),
        other => other,
    };
    let from = format!("FROM {}{}", dialect.quote(&table.name), order(dialect, table));
    match writer {
        Writer::Postgres(connection) => {
            let names = list(dialect, columns.iter().map(|column| column.name.as_str()));
            let mut stream = connection.copy_out_raw(&format!("COPY (SELECT {names} {from}) TO STDOUT")).await?;
            let mut rest = Vec::new();
            while let Some(chunk) = stream.try_next().await? {
                rest.extend_from_slice(&chunk);
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).take(end).collect();
                    let line = String::from_utf8(line).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
                    let cells = line.split('\t').zip(columns).enumerate();
                    let row = cells.map(|(at, (cell, column))| out(at, postgres(cell, column))).collect();
                    if !on_row(row) {
                        return Ok(());
                    }
                }
            }
        }
        Writer::MySql(connection) => {
            let cells: Vec<String> = columns.iter().map(|column| mysql_cell(column)).collect();
            let sql = format!("SELECT {} {from}", if cells.is_empty() { "1".to_owned() } else { cells.join(", ") });
            let mut stream = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(connection);
            while let Some(row) = stream.try_next().await? {
                let cells = columns.iter().enumerate();
                let row: sqlx::Result<Vec<Out>> =
                    cells.map(|(at, column)| Ok(out(at, mysql(row.try_get(at)?, column)))).collect();
                if !on_row(row?) {
                    return Ok(());
                }
            }
        }
        Writer::Sqlite(connection) => {
            let names = list(dialect, columns.iter().map(|column| column.name.as_str()));
            let mut stream = sqlx::query(AssertSqlSafe(format!("SELECT {names} {from}"))).fetch(connection);
            while let Some(row) = stream.try_next().await? {
                let cells = columns.iter().enumerate();
                let row: sqlx::Result<Vec<Out>> = cells
                    .map(|(at, column)| {
                        let value = row.try_get_raw(at)?;
                        if value.is_null() {
                            return Ok(Out::Null);
                        }
                        let value = sqlx::ValueRef::to_owned(&value);
                        let stored = match value.type_info().name() {
                            "INTEGER" | "BOOLEAN" => Datum::Integer(value.decode_unchecked()),
                            "REAL" => Datum::Real(value.decode_unchecked()),
                            "BLOB" => Datum::Bytes(value.decode_unchecked()),
                            _ => Datum::Text(value.decode_unchecked()),
                        };
                        Ok(out(at, sqlite(stored, column)))
                    })
                    .collect();
                if !on_row(row?) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// By the key, or, where there is none, by everything.
fn order(dialect: Dialect, table: &Table) -> String {
    let by: Vec<String> = match &table.primary_key {
        Some(key) => key.columns.iter().map(|name| dialect.quote(name)).collect(),
        None => table.columns.iter().map(|column| dialect.text(&dialect.quote(&column.name))).collect(),
    };
    if by.is_empty() { String::new() } else { format!(" ORDER BY {}", by.join(", ")) }
}

/// A cell of PostgreSQL's text format.
fn postgres(cell: &str, column: &Column) -> Out {
    if cell == "\\N" {
        return Out::Null;
    }
    let text = if cell.contains('\\') { unescaped(cell) } else { cell.to_owned() };
    match &column.kind {
        Kind::Boolean => Out::Plain(if text == "t" { "true" } else { "false" }.to_owned()),
        Kind::Binary(_) | Kind::VarBinary(_) | Kind::Blob => match hex(text.strip_prefix("\\x").unwrap_or(&text)) {
            Some(bytes) => Out::Binary(bytes),
            None => Out::Quoted(text),
        },
        kind if is_number(kind) => number(text),
        _ => Out::Quoted(text),
    }
}

fn unescaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('v') => '\u{b}',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    text
}

fn mysql_cell(column: &Column) -> String {
    let name = Dialect::MySql.quote(&column.name);
    match &column.kind {
        // As many digits as it has.
        Kind::Float => format!("CAST(CAST({name} AS DOUBLE) AS CHAR)"),
        Kind::Bit(_) => format!("BIN({name})"),
        kind if is_bytes(kind, column) => format!("HEX({name})"),
        _ => format!("CAST({name} AS CHAR)"),
    }
}

fn is_bytes(kind: &Kind, column: &Column) -> bool {
    match kind {
        Kind::Binary(_) | Kind::VarBinary(_) | Kind::Blob => true,
        Kind::Other => !column.type_name.starts_with("set"),
        Kind::Uuid => column.type_name.starts_with("binary"),
        _ => false,
    }
}

fn mysql(cell: Option<String>, column: &Column) -> Out {
    let Some(text) = cell else { return Out::Null };
    match &column.kind {
        Kind::Boolean => match text.as_str() {
            "0" => Out::Plain("false".to_owned()),
            "1" => Out::Plain("true".to_owned()),
            _ => Out::Tagged("int", text),
        },
        kind if is_bytes(kind, column) => match hex(&text) {
            Some(bytes) => Out::Binary(bytes),
            None => Out::Quoted(text),
        },
        kind if is_number(kind) => number(text),
        _ => Out::Quoted(text),
    }
}

/// What SQLite has stored: said in plain where the column takes it for the same again, else with what it is.
fn sqlite(stored: Datum, column: &Column) -> Out {
    let (plain, text, tag) = match &stored {
        Datum::Null => return Out::Null,
        Datum::Bytes(bytes) => match (&column.kind, uuid_text(bytes)) {
            (Kind::Uuid, Some(uuid)) => return Out::Quoted(uuid),
            _ => return Out::Binary(bytes.clone()),
        },
        Datum::Integer(number) => match (&column.kind, number) {
            (Kind::Boolean, 0 | 1) => return Out::Plain((*number == 1).to_string()),
            _ => (true, number.to_string(), "int"),
        },
        Datum::Real(number) if number.is_finite() => (true, format!("{number:?}"), "float"),
        Datum::Real(number) => return Out::Tagged("float", number.to_string()),
        Datum::Text(text) => (false, text.clone(), "str"),
    };
    let node = Node::Text { text: text.clone(), plain: false, tag: None };
    let again =
        datum(&node, column, Dialect::Sqlite).is_ok_and(|again| kept(&again, &column.type_name) == class(&stored));
    match (again, plain) {
        (true, true) => Out::Plain(text),
        (true, false) => Out::Quoted(text),
        (false, _) => Out::Tagged(tag, text),
    }
}

/// The storage classes of SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Integer,
    Real,
    Text,
    Bytes,
}

fn class(datum: &Datum) -> Class {
    match datum {
        Datum::Integer(_) => Class::Integer,
        Datum::Real(_) => Class::Real,
        Datum::Bytes(_) => Class::Bytes,
        Datum::Text(_) | Datum::Null => Class::Text,
    }
}

/// As what SQLite stores a datum in a column of that type (sqlite.org/datatype3.html, 3.1 and 3.4).
fn kept(datum: &Datum, type_name: &str) -> Class {
    let Datum::Text(text) = datum else { return class(datum) };
    let name = type_name.to_ascii_uppercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if any(&["INT"]) {
        return of_number(text, false);
    }
    if any(&["CHAR", "CLOB", "TEXT"]) || any(&["BLOB"]) || name.is_empty() {
        return Class::Text;
    }
    of_number(text, any(&["REAL", "FLOA", "DOUB"]))
}

fn of_number(text: &str, real: bool) -> Class {
    match (text.parse::<i64>().is_ok(), text.parse::<f64>()) {
        (true, _) if !real => Class::Integer,
        (_, Ok(number)) if real => {
            if number.is_finite() {
                Class::Real
            } else {
                Class::Text
            }
        }
        // A number without a fraction is stored as a whole one.
        (_, Ok(number)) if number.is_finite() => {
            if number.fract() == 0.0 && number.abs() < 9e18 {
                Class::Integer
            } else {
                Class::Real
            }
        }
        _ => Class::Text,
    }
}

fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer { .. } | Kind::Float | Kind::Double | Kind::Decimal(_) | Kind::Year)
}

fn number(text: String) -> Out {
    if text.parse::<f64>().is_ok_and(f64::is_finite) { Out::Plain(text) } else { Out::Quoted(text) }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
