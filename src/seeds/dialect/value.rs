//! What a value of a file means in its column, as the database wants to be told it. What cannot be is said before the database
//! sees it, as far as the type tells.

use kit_runtime::dialect::Dialect;

use crate::schema::model::{Column, Kind};
use crate::seeds::{Node, Tag};

/// A value for a database.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// NULL.
    Null,
    /// As text: the database knows its own types best.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A whole number, where a column takes anything.
    Integer(i64),
    /// Another number, where a column takes anything.
    Real(f64),
}

/// The datum that `node` means in `column`.
///
/// # Errors
/// Why it cannot be in there.
pub fn datum(node: &Node, column: &Column, dialect: Dialect) -> Result<Datum, String> {
    let (text, plain, tag) = match node {
        Node::Null if column.nullable => return Ok(Datum::Null),
        Node::Null => return Err("it takes no null".to_owned()),
        Node::Text { text, plain, tag } => (text.as_str(), *plain, *tag),
        _ if is_json(column) => return Ok(Datum::Text(json(node).to_string())),
        Node::List(list) => match (&column.kind, dialect) {
            (Kind::Array(kind), Dialect::Postgres) => return Ok(Datum::Text(array(list, kind)?)),
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
        Some(Tag::Text) => return Ok(Datum::Text(text.to_owned())),
        Some(Tag::Integer) => return whole(text, 64, false).map(Datum::Integer),
        Some(Tag::Float) if dialect == Dialect::Sqlite => return number(text).map(Datum::Real),
        _ => {}
    }
    typed(text, &column.kind, &column.type_name, dialect)
}

fn typed(text: &str, kind: &Kind, type_name: &str, dialect: Dialect) -> Result<Datum, String> {
    let text = match kind {
        Kind::Boolean => truth(text, dialect)?.to_owned(),
        Kind::Integer { bits, unsigned } => match (truth(text, dialect), dialect) {
            // Booleans are small numbers there.
            (Ok(number), Dialect::MySql | Dialect::Sqlite) if *bits == 8 || dialect == Dialect::Sqlite => {
                number.to_owned()
            }
            _ => {
                let text = text.replace('_', "");
                in_range(&text, *bits, *unsigned)?;
                text
            }
        },
        Kind::Float | Kind::Double
            if !matches!(text.to_ascii_lowercase().as_str(), "nan" | "infinity" | "-infinity") =>
        {
            number(text)?;
            text.to_owned()
        }
        Kind::Decimal(_) if !text.eq_ignore_ascii_case("nan") => {
            number(text)?;
            text.to_owned()
        }
        Kind::Binary(_) | Kind::VarBinary(_) | Kind::Blob => return bytes(text).map(Datum::Bytes),
        Kind::Uuid => match (uuid(text)?, dialect) {
            // As SeaORM's driver stores it.
            (bytes, Dialect::Sqlite) => return Ok(Datum::Bytes(bytes)),
            (bytes, Dialect::MySql) if type_name.starts_with("binary") => return Ok(Datum::Bytes(bytes)),
            _ => text.to_owned(),
        },
        Kind::Json | Kind::JsonBinary => {
            let known = serde_json::from_str::<serde::de::IgnoredAny>(text);
            known.map_err(|error| format!("not JSON ({error}): write it as a map or list, a text as '\"{text}\"'"))?;
            text.to_owned()
        }
        Kind::Enum { values, .. } if !values.iter().any(|value| value == text) => {
            return Err(format!("`{text}` is none of {}", values.join(", ")));
        }
        Kind::Date | Kind::DateTime | Kind::Timestamp | Kind::TimestampWithTimeZone if dialect == Dialect::MySql => {
            moment(text)
        }
        _ => text.to_owned(),
    };
    Ok(Datum::Text(text))
}

/// MariaDB takes no zone: a moment is said in UTC, which is the session's.
fn moment(text: &str) -> String {
    match chrono::DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        Ok(moment) => moment.to_utc().format("%Y-%m-%d %H:%M:%S%.f").to_string(),
        Err(_) => text.to_owned(),
    }
}

fn truth(text: &str, dialect: Dialect) -> Result<&'static str, String> {
    let yes = match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "t" | "y" | "1" => true,
        "false" | "no" | "off" | "f" | "n" | "0" => false,
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
    let number: i128 = text.parse().map_err(|_| format!("`{text}` is not a whole number"))?;
    let bits = u32::from(bits.clamp(1, 64));
    let (least, most) =
        if unsigned { (0, (1_i128 << bits) - 1) } else { (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1) };
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
    text.parse().map_err(|_| format!("`{text}` is not a number"))
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
    bytes.iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
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
