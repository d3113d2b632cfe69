//! The types of PostgreSQL.

use super::{precision, take_apart};
use crate::schema::model::{Cast, Kind, Required};

/// What a type means that is neither a domain nor an array, as `format_type` writes it.
pub(in crate::schema) fn kind(type_name: &str) -> Kind {
    let (name, numbers, rest) = take_apart(type_name);
    let length = numbers.first().copied();
    match (name.as_str(), rest.as_str()) {
        ("boolean", _) => Kind::Boolean,
        ("smallint", _) => Kind::Integer { bits: 16, unsigned: false },
        ("integer", _) => Kind::Integer { bits: 32, unsigned: false },
        ("bigint", _) => Kind::Integer { bits: 64, unsigned: false },
        ("real", _) => Kind::Float,
        ("double precision", _) => Kind::Double,
        ("numeric", _) => Kind::Decimal(precision(&numbers)),
        ("character", _) => Kind::Char(length),
        ("character varying", _) => Kind::String(length),
        ("text", _) => Kind::Text,
        ("bytea", _) => Kind::Blob,
        ("date", _) => Kind::Date,
        ("time", "with time zone") | ("time with time zone", _) => Kind::Castable,
        ("time" | "time without time zone", _) => Kind::Time,
        ("timestamp", "with time zone") | ("timestamp with time zone", _) => Kind::TimestampWithTimeZone,
        ("timestamp" | "timestamp without time zone", _) => Kind::DateTime,
        ("json", _) => Kind::Json,
        ("jsonb", _) => Kind::JsonBinary,
        ("uuid", _) => Kind::Uuid,
        ("cidr", _) => Kind::Cidr,
        ("inet", _) => Kind::Inet,
        _ => Kind::Castable,
    }
}

/// What an array of such elements means; SeaORM has none of several dimensions.
pub(in crate::schema) fn array(element: Kind, has_several_dimensions: bool) -> Kind {
    match element {
        Kind::Castable | Kind::Cidr | Kind::Inet | Kind::Enum { schema: Some(_), .. } => Kind::Castable,
        _ if has_several_dimensions => Kind::Castable,
        element => Kind::Array(Box::new(element)),
    }
}

/// How values are read and written as text; `name` is the type's, as it stands in a cast.
pub(in crate::schema) fn cast(kind: &Kind, name: String) -> Cast {
    // A text is not padded, as values of `character` are, and arrays of two types have no equality. The types to compare
    // with have no length: a cast to one would cut the value.
    let compared = match kind {
        Kind::Char(_) => Some("bpchar"),
        Kind::Array(item) => match item.as_ref() {
            Kind::Char(_) => Some("bpchar[]"),
            Kind::String(_) => Some("varchar[]"),
            _ => None,
        },
        _ => None,
    };
    let (write, required) = match (kind, compared) {
        (Kind::Enum { schema: Some(_), .. }, _) => (name, Required::Both),
        (_, Some(compared)) => (compared.to_owned(), Required::Writing),
        _ => (name, Required::No),
    };
    Cast { read: "text".to_owned(), write: Some(write), required }
}
