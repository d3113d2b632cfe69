//! The types of SQLite, which takes any name for one.

use super::{precision, take_apart};
use crate::schema::model::{Cast, Kind, Required};

/// What was written as a number into a column of no known type is read as the text of it, and a number without a fraction is an
/// integer in a column whose type has not the affinity of a real number, which SeaORM reads decimals as.
pub(in crate::schema) fn cast(kind: &Kind, type_name: &str) -> Cast {
    let required =
        matches!(kind, Kind::Decimal(_) | Kind::Money) && !type_name.to_ascii_lowercase().starts_with("real");
    let (read, required) = if required { ("real", Required::Both) } else { ("text", Required::No) };
    Cast { read: read.to_owned(), write: None, required }
}

/// What SeaORM writes, then what others do, then the rules of affinity.
pub(in crate::schema) fn kind(type_name: &str) -> Kind {
    let (name, numbers, _) = take_apart(type_name);
    let length = numbers.first().copied();
    match name.as_str() {
        "boolean" | "bool" => Kind::Boolean,
        "tinyint" => Kind::Integer { bits: 8, unsigned: false },
        "smallint" => Kind::Integer { bits: 16, unsigned: false },
        "int" | "mediumint" => Kind::Integer { bits: 32, unsigned: false },
        // SeaORM writes this for 32 bits as for 64, and the database keeps 64.
        "integer" | "bigint" => Kind::Integer { bits: 64, unsigned: false },
        "float" => Kind::Float,
        "double" | "double precision" => Kind::Double,
        "real" if numbers.is_empty() => Kind::Double,
        "real" | "decimal" | "numeric" | "real_decimal" => Kind::Decimal(precision(&numbers)),
        "money" | "real_money" => Kind::Money,
        "char" | "character" => Kind::Char(length),
        "varchar" | "nvarchar" => Kind::String(length),
        "text" | "clob" | "enum_text" => Kind::Text,
        "blob" | "binary" => length.map_or(Kind::Blob, |length| Kind::Binary(Some(length))),
        "varbinary_blob" | "varbinary" => Kind::VarBinary(length),
        "number" if matches!(numbers.as_slice(), [1..=18] | [1..=18, 0]) => Kind::Integer { bits: 64, unsigned: false },
        "number" if !numbers.is_empty() => Kind::Decimal(precision(&numbers)),
        "date" | "date_text" => Kind::Date,
        "time" | "time_text" => Kind::Time,
        "datetime" | "datetime_text" => Kind::DateTime,
        "timestamp" | "timestamp_text" => Kind::Timestamp,
        "timestamp_with_timezone_text" | "timestamptz" | "timestamp with time zone" => Kind::TimestampWithTimeZone,
        "json" | "json_text" => Kind::Json,
        "jsonb" | "jsonb_text" => Kind::JsonBinary,
        "uuid" | "uuid_text" => Kind::Uuid,
        other if other.contains("int") => Kind::Integer { bits: 64, unsigned: false },
        other if ["char", "clob", "text"].iter().any(|word| other.contains(word)) => Kind::Text,
        other if other.contains("blob") => Kind::Blob,
        other if ["real", "floa", "doub"].iter().any(|word| other.contains(word)) => Kind::Double,
        _ => Kind::Other,
    }
}
