//! The types of MySQL and MariaDB.

use super::{precision, take_apart};
use crate::schema::model::{Cast, Kind, Required};

/// What a type means, as `information_schema` writes it.
pub(in crate::schema) fn kind(type_name: &str) -> Kind {
    let (name, numbers, _) = take_apart(type_name);
    let unsigned = type_name.to_lowercase().contains("unsigned");
    let length = numbers.first().copied();
    let first = name.split_whitespace().next().unwrap_or_default();
    match first {
        "tinyint" if length == Some(1) && !unsigned => Kind::Boolean,
        "tinyint" => Kind::Integer { bits: 8, unsigned },
        "smallint" => Kind::Integer { bits: 16, unsigned },
        "mediumint" | "int" | "integer" => Kind::Integer { bits: 32, unsigned },
        "bigint" => Kind::Integer { bits: 64, unsigned },
        "float" => Kind::Float,
        "double" => Kind::Double,
        "decimal" => Kind::Decimal(precision(&numbers)),
        "char" => Kind::Char(length),
        "varchar" => Kind::String(length),
        "tinytext" | "text" | "mediumtext" | "longtext" => Kind::Text,
        "binary" => Kind::Binary(length),
        "varbinary" => Kind::VarBinary(length),
        "tinyblob" | "blob" | "mediumblob" | "longblob" => Kind::Blob,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "datetime" => Kind::DateTime,
        "timestamp" => Kind::Timestamp,
        "year" => Kind::Year,
        "json" => Kind::Json,
        "bit" => Kind::Bit(length),
        "enum" => Kind::Enum { schema: None, name: None, values: values(type_name) },
        _ => Kind::Other,
    }
}

/// How values are read and written as text, if every value of the type can be.
pub(in crate::schema) fn cast(kind: &Kind, type_name: &str) -> Option<Cast> {
    let (name, ..) = take_apart(type_name);
    let is_text = *kind != Kind::Other || matches!(name.as_str(), "set" | "uuid" | "inet4" | "inet6");
    is_text.then(|| Cast { read: "char".to_owned(), write: None, required: Required::No })
}

/// The values of `enum('a','b''c')`.
fn values(type_name: &str) -> Vec<String> {
    let inside = type_name.split_once('(').map_or("", |(_, rest)| rest);
    let mut values = Vec::new();
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\'' {
            continue;
        }
        let mut value = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\'' if chars.peek() == Some(&'\'') => {
                    chars.next();
                    value.push('\'');
                }
                '\'' => break,
                c => value.push(c),
            }
        }
        values.push(value);
    }
    values
}
