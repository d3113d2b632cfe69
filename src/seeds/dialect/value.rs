//! What a value of a file means in its column, as the database wants to be told it. What cannot be is said before the database
//! sees it, as far as the type tells.

use std::borrow::Cow;

use kit_runtime::dialect::Dialect;

use crate::schema::model::{Column, Kind};
use crate::seeds::{Node, Tag};

/// A value for a database.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum<'a> {
    /// NULL.
    Null,
    /// As text: the database knows its own types best.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A whole number, where a column takes anything.
    Integer(i64),
    /// Another number, where a column takes anything.
    Real(f64),
}

impl Datum<'_> {
    /// The same, whatever becomes of what it was made from.
    pub fn into_owned(self) -> Datum<'static> {
        match self {
            Self::Null => Datum::Null,
            Self::Text(text) => Datum::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Datum::Bytes(bytes),
            Self::Integer(number) => Datum::Integer(number),
            Self::Real(number) => Datum::Real(number),
        }
    }
}

/// The datum that `node` means in `column`.
///
/// # Errors
/// Why it cannot be in there.
pub fn datum<'a>(node: &'a Node, column: &Column, dialect: Dialect) -> Result<Datum<'a>, String> {
    let (text, plain, tag) = match node {
        Node::Null if column.nullable => return Ok(Datum::Null),
        Node::Null => return Err("it takes no null".to_owned()),
        Node::Text { text, plain, tag } => (text.as_str(), *plain, *tag),
        _ if is_json(column) => return Ok(Datum::Text(json(node).to_string().into())),
        Node::List(list) => match (&column.kind, dialect) {
            (Kind::Array(kind), Dialect::Postgres) => return Ok(Datum::Text(array(list, kind)?.into())),
            _ => return Err(format!("a list is nothing for the type {}", column.type_name)),
        },
        Node::Map(_) => return Err(format!("a map is nothing for the type {}", column.type_name)),
    };
    if text.is_empty() && plain && tag.is_none() {
        // An empty cell of a CSV file.
        match (column.nullable, is_text(&column.kind)) {
            (true, _) => return Ok(Datum::Null),
            (false, true) => {}
            (false, false) => return Err("it is empty".to_owned()),
        }
    }
    match tag {
        Some(Tag::Binary) => return bytes(text).map(Datum::Bytes),
        Some(Tag::Text) => return Ok(Datum::Text(text.into())),
        Some(Tag::Integer) => return whole(text, 64, false).map(Datum::Integer),
        Some(Tag::Float) if dialect == Dialect::Sqlite => return number(text).map(Datum::Real),
        _ => {}
    }
    typed(text, &column.kind, &column.type_name, dialect)
}

/// Whether a column of a primary key may hold NULL: on SQLite, unless the database itself refuses it
/// (sqlite.org/quirks.html, 5).
pub fn key_takes_null(column: &Column, dialect: Dialect) -> bool {
    dialect == Dialect::Sqlite && column.identity.is_none()
}

/// The datum that a text without a tag means, in a column of that type.
///
/// # Errors
/// Why it cannot be in there.
pub fn typed<'a>(text: &'a str, kind: &Kind, type_name: &str, dialect: Dialect) -> Result<Datum<'a>, String> {
    match kind {
        Kind::Boolean => return Ok(Datum::Text(truth(text, dialect)?.into())),
        Kind::Integer { bits, unsigned } => {
            // Booleans are small numbers there.
            if (dialect == Dialect::Sqlite || dialect == Dialect::MySql && *bits == 8)
                && let Ok(number) = truth(text, dialect)
            {
                return Ok(Datum::Text(number.into()));
            }
            let text = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
            in_range(&text, *bits, *unsigned)?;
            return Ok(Datum::Text(text));
        }
        Kind::Float | Kind::Double
            if !["nan", "infinity", "-infinity"].iter().any(|word| text.eq_ignore_ascii_case(word)) =>
        {
            number(text)?;
        }
        // It may have more digits than any other number, and PostgreSQL has some that are none.
        Kind::Decimal(_) => {
            text.parse::<f64>().map_err(|_| format!("`{text}` is not a number"))?;
        }
        Kind::Binary(_) | Kind::VarBinary(_) | Kind::Blob => return bytes(text).map(Datum::Bytes),
        Kind::Uuid => match (uuid(text)?, dialect) {
            // As SeaORM's driver stores it.
            (bytes, Dialect::Sqlite) => return Ok(Datum::Bytes(bytes)),
            (bytes, Dialect::MySql) if type_name.starts_with("binary") => return Ok(Datum::Bytes(bytes)),
            _ => {}
        },
        Kind::Json | Kind::JsonBinary => {
            let known = serde_json::from_str::<serde::de::IgnoredAny>(text);
            known.map_err(|error| format!("not JSON ({error}): write it as a map or list, a text as '\"{text}\"'"))?;
        }
        Kind::Enum { values, .. } if !values.iter().any(|value| value == text) => {
            return Err(format!("`{text}` is none of {}", values.join(", ")));
        }
        Kind::Date | Kind::DateTime | Kind::Timestamp | Kind::TimestampWithTimeZone if dialect == Dialect::MySql => {
            // It is told to take such days, since there may be some.
            return match is_no_day(text) {
                true => Err(format!("`{text}` is no date or time")),
                false => Ok(Datum::Text(moment(text))),
            };
        }
        // It would take any text.
        Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp | Kind::TimestampWithTimeZone
            if dialect == Dialect::Sqlite && !is_time(text) =>
        {
            return Err(format!("`{text}` is no date or time"));
        }
        _ => {}
    }
    Ok(Datum::Text(text.into()))
}

/// MariaDB takes no zone: a moment is said in UTC, which is the session's.
fn moment(text: &str) -> Cow<'_, str> {
    // Behind the date and a time without seconds, where a zone would be.
    if !text.bytes().skip(16).any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-')) {
        return text.into();
    }
    match chrono::DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        Ok(moment) => moment.to_utc().format("%Y-%m-%d %H:%M:%S%.f").to_string().into(),
        Err(_) => text.into(),
    }
}

/// Whether it is a day that its month does not have.
fn is_no_day(text: &str) -> bool {
    let mut parts = text.get(..10).unwrap_or_default().split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let number = |part: Option<&str>| part?.parse().ok();
    match (year.and_then(|year| year.parse().ok()), number(month), number(day)) {
        (Some(year), Some(month @ 1..=12), Some(day @ 29..=31)) => {
            chrono::NaiveDate::from_ymd_opt(year, month, day).is_none()
        }
        _ => false,
    }
}

/// Whether it is a date, a time, both with or without a zone, or a number, which is how SQLite keeps moments.
fn is_time(text: &str) -> bool {
    let is_date = |text: &str| text.parse::<chrono::NaiveDate>().is_ok();
    let is_clock = |text: &str| {
        let zone = text.find(['Z', 'z', '+', '-']).map_or("", |at| &text[at..]);
        let clock = text[..text.len() - zone.len()].trim_end();
        let known = zone.bytes().skip(1).all(|byte| byte.is_ascii_digit() || byte == b':') && zone.len() <= 6;
        known && clock.parse::<chrono::NaiveTime>().is_ok()
    };
    match text.split_once([' ', 'T']) {
        Some((date, clock)) => is_date(date) && is_clock(clock),
        None => is_date(text) || is_clock(text) || text.parse::<f64>().is_ok(),
    }
}

fn truth(text: &str, dialect: Dialect) -> Result<&'static str, String> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    let yes = match (is(&["true", "yes", "on", "t", "y", "1"]), is(&["false", "no", "off", "f", "n", "0"])) {
        (true, _) => true,
        (_, true) => false,
        _ => return Err(format!("`{text}` is neither true nor false")),
    };
    Ok(match (dialect, yes) {
        (Dialect::Postgres, true) => "true",
        (Dialect::Postgres, false) => "false",
        (_, true) => "1",
        (_, false) => "0",
    })
}

fn in_range(text: &str, bits: u8, unsigned: bool) -> Result<(), String> {
    let bits = u32::from(bits.clamp(1, 64));
    let (least, most) =
        if unsigned { (0, (1_i128 << bits) - 1) } else { (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1) };
    let number: i128 = match text.parse::<i64>() {
        Ok(number) => number.into(),
        Err(_) => text.parse().map_err(|_| format!("`{text}` is not a whole number"))?,
    };
    match (least..=most).contains(&number) {
        true => Ok(()),
        false => Err(format!("{number} is not between {least} and {most}")),
    }
}

fn whole(text: &str, bits: u8, unsigned: bool) -> Result<i64, String> {
    in_range(text, bits, unsigned)?;
    text.parse().map_err(|_| format!("`{text}` is not a whole number"))
}

fn number(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    match number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) {
        true => Err(format!("{text} is too large")),
        false => Ok(number),
    }
}

fn uuid(text: &str) -> Result<Vec<u8>, String> {
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    let wrong = || format!("`{text}` is not a UUID");
    if hex.len() != 32 || !hex.is_ascii() {
        return Err(wrong());
    }
    (0..16)
        .map(|at| hex.get(at * 2..at * 2 + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).ok_or_else(wrong))
        .collect()
}

/// Sixteen bytes as a UUID is written.
pub fn uuid_text(bytes: &[u8]) -> Option<String> {
    if bytes.len() != 16 {
        return None;
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// Bytes in base64, its line breaks left out.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    let text: String = text.split_ascii_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| format!("not base64: {error}"))
}

/// `{1,"a b",NULL}`.
fn array(list: &[Node], kind: &Kind) -> Result<String, String> {
    let parts: Result<Vec<String>, String> = list
        .iter()
        .map(|node| match node {
            Node::Null => Ok("NULL".to_owned()),
            Node::List(list) => array(list, kind),
            Node::Map(_) if matches!(kind, Kind::Json | Kind::JsonBinary) => Ok(quoted(&json(node).to_string())),
            Node::Map(_) => Err("a map in a list".to_owned()),
            Node::Text { text, .. } => match typed(text, kind, "", Dialect::Postgres)? {
                Datum::Bytes(bytes) => Ok(quoted(&hex(&bytes))),
                Datum::Text(text) => Ok(quoted(&text)),
                _ => Ok(quoted(text)),
            },
        })
        .collect();
    Ok(format!("{{{}}}", parts?.join(",")))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// As PostgreSQL writes bytes.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold("\\x".to_owned(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a list or map is in JSON; words without quotes are what JSON takes them for.
fn json(node: &Node) -> serde_json::Value {
    use serde_json::Value;
    match node {
        Node::Null => Value::Null,
        Node::Text { text, plain: true, tag: None } => match serde_json::from_str(text) {
            Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
            _ => Value::from(text.clone()),
        },
        Node::Text { text, .. } => Value::from(text.clone()),
        Node::List(list) => list.iter().map(json).collect(),
        Node::Map(map) => map.iter().map(|(name, node)| (name.clone(), json(node))).collect(),
    }
}

fn is_json(column: &Column) -> bool {
    matches!(column.kind, Kind::Json | Kind::JsonBinary)
}

fn is_text(kind: &Kind) -> bool {
    matches!(kind, Kind::Char(_) | Kind::String(_) | Kind::Text)
}
