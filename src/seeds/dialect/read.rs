//! Reading all rows of a table, one after the other, each value as what a file says of it.

use std::borrow::Cow;

use futures_util::TryStreamExt as _;
use kit_runtime::dialect::Dialect;
use rusqlite::types::ValueRef;
use sea_orm::sqlx::{self, AssertSqlSafe, Row as _};

use super::value::{Datum, typed, uuid_text};
use super::{Answer, Writer, list};
use crate::schema::model::{Column, Kind, Table};
use crate::seeds::dump::{Out, refers};
use crate::seeds::survey::Survey;

/// Gives each row to `on_row`, until that says no.
pub async fn rows(
    writer: &mut Writer,
    survey: &Survey,
    table: &Table,
    columns: &[&Column],
    on_row: &mut dyn FnMut(&[Out<'_>]) -> bool,
) -> Answer<()> {
    let dialect = writer.dialect();
    let escaped: Vec<bool> = columns.iter().map(|column| refers(table, column)).collect();
    let mut on_row = |mut row: Vec<Out<'_>>| {
        for (value, escaped) in row.iter_mut().zip(&escaped) {
            if let (Out::Quoted(text), true) = (&mut *value, *escaped)
                && text.starts_with('@')
            {
                // A label begins so.
                *text = Cow::Owned(format!("@{text}"));
            }
        }
        on_row(&row)
    };
    let from = format!("FROM {}{}", survey.own_rows(dialect, &table.name), order(dialect, table));
    let names = list(dialect, columns.iter().map(|column| column.name.as_str()));
    match writer {
        Writer::Postgres(connection) => {
            let mut stream = connection.copy_out_raw(&format!("COPY (SELECT {names} {from}) TO STDOUT")).await?;
            let mut text = Vec::new();
            while let Some(chunk) = stream.try_next().await? {
                text.extend_from_slice(&chunk);
                let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else { continue };
                let lines = std::str::from_utf8(&text[..end]).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
                for line in lines.split('\n') {
                    let cells = line.split('\t').zip(columns);
                    if !on_row(cells.map(|(cell, column)| postgres(cell, column)).collect()) {
                        return Ok(());
                    }
                }
                text.drain(..=end);
            }
        }
        Writer::MySql(connection) => {
            let cells: Vec<String> = columns.iter().map(|column| mysql_cell(column)).collect();
            let sql = format!("SELECT {} {from}", if cells.is_empty() { "1".to_owned() } else { cells.join(", ") });
            let mut stream = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(connection);
            while let Some(row) = stream.try_next().await? {
                // All of it comes as text, whatever its type is.
                let cell = |(at, column): (usize, &&Column)| Ok(mysql(row.try_get_unchecked(at)?, column));
                let row: sqlx::Result<Vec<Out<'_>>> = columns.iter().enumerate().map(cell).collect();
                if !on_row(row?) {
                    return Ok(());
                }
            }
        }
        Writer::Sqlite(connection) => {
            let affinities: Vec<Class> = columns.iter().map(|column| affinity(&column.type_name)).collect();
            let sql = format!("SELECT {} {from}", if columns.is_empty() { "1" } else { &names });
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                let cells = columns.iter().zip(&affinities).enumerate();
                let row: rusqlite::Result<Vec<Out<'_>>> = cells
                    .map(|(at, (column, affinity))| match row.get_ref(at)? {
                        ValueRef::Text(text) => match std::str::from_utf8(text) {
                            Ok(text) => Ok(sqlite(Datum::Text(text.into()), column, *affinity)),
                            Err(error) => Err(rusqlite::Error::Utf8Error(at, error)),
                        },
                        ValueRef::Null => Ok(Out::Null),
                        ValueRef::Integer(number) => Ok(sqlite(Datum::Integer(number), column, *affinity)),
                        ValueRef::Real(number) => Ok(sqlite(Datum::Real(number), column, *affinity)),
                        ValueRef::Blob(bytes) => Ok(sqlite(Datum::Bytes(bytes.to_vec()), column, *affinity)),
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
fn postgres<'a>(cell: &'a str, column: &Column) -> Out<'a> {
    if cell == "\\N" {
        return Out::Null;
    }
    let text: Cow<'_, str> = if cell.contains('\\') { unescaped(cell).into() } else { cell.into() };
    match &column.kind {
        Kind::Boolean => Out::Plain(if text == "t" { "true" } else { "false" }.into()),
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
        // The server says these as text anyway.
        kind if is_number(kind) => name,
        Kind::Boolean
        | Kind::Char(_)
        | Kind::String(_)
        | Kind::Text
        | Kind::Date
        | Kind::DateTime
        | Kind::Timestamp => name,
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

fn mysql<'a>(cell: Option<&'a str>, column: &Column) -> Out<'a> {
    let Some(text) = cell else { return Out::Null };
    match &column.kind {
        Kind::Boolean => match text {
            "0" => Out::Plain("false".into()),
            "1" => Out::Plain("true".into()),
            _ => Out::Tagged("int", text.into()),
        },
        kind if is_bytes(kind, column) => match hex(text) {
            Some(bytes) => Out::Binary(bytes),
            None => Out::Quoted(text.into()),
        },
        kind if is_number(kind) => number(text.into()),
        kind => match typed(text, kind, &column.type_name, Dialect::MySql) {
            Ok(_) => Out::Quoted(text.into()),
            Err(_) => Out::Tagged("str", text.into()),
        },
    }
}

/// What SQLite has stored: said in plain where the column takes it for the same again, else with what it is.
fn sqlite<'a>(stored: Datum<'a>, column: &Column, affinity: Class) -> Out<'a> {
    let own = class(&stored);
    let (plain, text, tag): (_, Cow<'a, str>, _) = match stored {
        Datum::Null => return Out::Null,
        Datum::Bytes(bytes) => match (&column.kind, uuid_text(&bytes)) {
            (Kind::Uuid, Some(uuid)) => return Out::Quoted(uuid.into()),
            _ => return Out::Binary(bytes),
        },
        Datum::Integer(0) if column.kind == Kind::Boolean => return Out::Plain("false".into()),
        Datum::Integer(1) if column.kind == Kind::Boolean => return Out::Plain("true".into()),
        Datum::Integer(number) => (true, number.to_string().into(), "int"),
        Datum::Real(number) if number.is_finite() => (true, format!("{number:?}").into(), "float"),
        Datum::Real(number) => return Out::Tagged("float", number.to_string().into()),
        Datum::Text(text) => (false, text, "str"),
    };
    if column.type_name.eq_ignore_ascii_case("any") {
        // It keeps a value as it comes in a strict table, and makes a number of it in another.
        return Out::Tagged(tag, text);
    }
    let again = typed(&text, &column.kind, &column.type_name, Dialect::Sqlite);
    match (again.is_ok_and(|again| kept(&again, affinity) == own), plain) {
        (true, true) => Out::Plain(text),
        (true, false) => Out::Quoted(text),
        (false, _) => Out::Tagged(tag, text),
    }
}

/// The storage classes of SQLite, and what a column makes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Integer,
    Real,
    Text,
    Bytes,
    /// Whatever number it is.
    Number,
}

fn class(datum: &Datum<'_>) -> Class {
    match datum {
        Datum::Integer(_) => Class::Integer,
        Datum::Real(_) => Class::Real,
        Datum::Bytes(_) => Class::Bytes,
        Datum::Text(_) | Datum::Null => Class::Text,
    }
}

/// What a column of that type makes of a text (sqlite.org/datatype3.html, 3.1).
fn affinity(type_name: &str) -> Class {
    let name = type_name.to_ascii_uppercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if any(&["INT"]) {
        Class::Integer
    } else if any(&["CHAR", "CLOB", "TEXT", "BLOB"]) || name.is_empty() {
        Class::Text
    } else if any(&["REAL", "FLOA", "DOUB"]) {
        Class::Real
    } else {
        Class::Number
    }
}

/// As what SQLite stores a datum in a column (sqlite.org/datatype3.html, 3.4).
fn kept(datum: &Datum<'_>, affinity: Class) -> Class {
    let Datum::Text(text) = datum else { return class(datum) };
    match affinity {
        Class::Text | Class::Bytes => Class::Text,
        Class::Integer | Class::Number if text.parse::<i64>().is_ok() => Class::Integer,
        _ => match text.parse::<f64>() {
            Ok(number) if !number.is_finite() => Class::Text,
            Ok(_) if affinity == Class::Real => Class::Real,
            // A number without a fraction is stored as a whole one.
            Ok(number) if number.fract() == 0.0 && number.abs() < 9e18 => Class::Integer,
            Ok(_) => Class::Real,
            Err(_) => Class::Text,
        },
    }
}

fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer { .. } | Kind::Float | Kind::Double | Kind::Decimal(_) | Kind::Year)
}

fn number(text: Cow<'_, str>) -> Out<'_> {
    if text.parse::<f64>().is_ok_and(f64::is_finite) { Out::Plain(text) } else { Out::Quoted(text) }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
